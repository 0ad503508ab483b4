"""Worth: what are customers worth when they come and from here on, what is a point of retention worth, whom to keep?

Every function takes what another one returned, or the `Absent` that says why that is not there, and then says so too:
a report is the same for data that hold everything and for data that name no customer.
"""

from perfkit.customers.worth.absences import Absent
from perfkit.customers.worth.acquisitions import AcquiredValue, acquired
from perfkit.customers.worth.bases import Base, base, choice
from perfkit.customers.worth.checked import calibration, tracking
from perfkit.customers.worth.followed import drift, payback, triangle
from perfkit.customers.worth.kept import lifecycle, moves, tiers
from perfkit.customers.worth.points import RetentionPoint, retention_point
from perfkit.customers.worth.values import CustomerValue, value

__all__ = [
    "Absent",
    "AcquiredValue",
    "Base",
    "CustomerValue",
    "RetentionPoint",
    "acquired",
    "base",
    "calibration",
    "choice",
    "drift",
    "lifecycle",
    "moves",
    "payback",
    "retention_point",
    "tiers",
    "tracking",
    "triangle",
    "value",
]
