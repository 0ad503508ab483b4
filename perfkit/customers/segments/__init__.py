"""Segments: who are the best customers, who is leaving, whom to keep, and can the model behind it be believed?"""

from perfkit.customers.segments.calibrations import Calibration, calibration
from perfkit.customers.segments.lifecycles import Lifecycle, lifecycle
from perfkit.customers.segments.migrations import Migration, migration
from perfkit.customers.segments.scores import Rfm, rfm
from perfkit.customers.segments.tiers import ValueTiers, value_tiers
from perfkit.customers.segments.tracks import Tracking, tracking

__all__ = [
    "Calibration",
    "Lifecycle",
    "Migration",
    "Rfm",
    "Tracking",
    "ValueTiers",
    "calibration",
    "lifecycle",
    "migration",
    "rfm",
    "tracking",
    "value_tiers",
]
