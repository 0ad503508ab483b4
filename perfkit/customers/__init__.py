"""Customers: who stays, what are they worth, and whom to keep?"""

from perfkit.customers import clv, cohorts, contracts
from perfkit.customers.clv import Fitted, Spend, Summary
from perfkit.customers.cohorts import CohortDrift, CohortTriangle, Payback
from perfkit.customers.contracts import Contracts

__all__ = [
    "CohortDrift",
    "CohortTriangle",
    "Contracts",
    "Fitted",
    "Payback",
    "Spend",
    "Summary",
    "clv",
    "cohorts",
    "contracts",
]
