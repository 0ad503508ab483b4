"""Contracts: who renews, for how long yet, and what is that worth?"""

from perfkit.customers.contracts.contracts import Contracts, fit

__all__ = ["Contracts", "fit"]
