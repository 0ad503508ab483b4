"""Customers: who stays, what are they worth, and whom to keep?"""

from perfkit.customers import clv, cohorts, contracts, segments, worth
from perfkit.customers.clv import Calibration, Fitted, Spend, Summary, Tracking
from perfkit.customers.cohorts import CohortDrift, CohortTriangle, Payback
from perfkit.customers.contracts import ContractCohorts, Contracts
from perfkit.customers.segments import Lifecycle, Migration, Rfm, ValueTiers
from perfkit.customers.worth import Absent, AcquiredValue, CustomerValue, RetentionPoint

__all__ = [
    "Absent",
    "AcquiredValue",
    "Calibration",
    "CohortDrift",
    "CohortTriangle",
    "ContractCohorts",
    "Contracts",
    "CustomerValue",
    "Fitted",
    "Lifecycle",
    "Migration",
    "Payback",
    "RetentionPoint",
    "Rfm",
    "Spend",
    "Summary",
    "Tracking",
    "ValueTiers",
    "clv",
    "cohorts",
    "contracts",
    "segments",
    "worth",
]
