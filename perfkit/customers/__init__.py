"""Customers: who stays, what are they worth, and whom to keep?"""

from perfkit.customers import clv, contracts
from perfkit.customers.clv import Fitted, Spend, Summary
from perfkit.customers.contracts import Contracts

__all__ = ["Contracts", "Fitted", "Spend", "Summary", "clv", "contracts"]
