"""Contracts: who renews, for how long yet, and what is that worth?"""

from perfkit.customers.contracts.contracts import Contracts, fit
from perfkit.customers.contracts.counts import ContractCohorts, survivors_of

__all__ = ["ContractCohorts", "Contracts", "fit", "survivors_of"]
