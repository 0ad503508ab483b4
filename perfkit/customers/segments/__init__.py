"""Segments: who are the best customers, who is leaving, and whom to keep?"""

from perfkit.customers.segments.lifecycles import Lifecycle, lifecycle
from perfkit.customers.segments.migrations import Migration, migration
from perfkit.customers.segments.scores import Rfm, rfm
from perfkit.customers.segments.tiers import ValueTiers, value_tiers

__all__ = [
    "Lifecycle",
    "Migration",
    "Rfm",
    "ValueTiers",
    "lifecycle",
    "migration",
    "rfm",
    "value_tiers",
]
