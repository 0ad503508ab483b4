"""Sources: from an export to a checked snapshot."""

from perfkit.sources import snapshots
from perfkit.sources.loading import load
from perfkit.sources.snapshots import Snapshot

__all__ = ["Snapshot", "load", "snapshots"]
