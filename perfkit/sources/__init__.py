"""Sources: from an export to a checked snapshot."""

from perfkit.sources import set_aside, snapshots
from perfkit.sources.comparing import changes
from perfkit.sources.loading import load
from perfkit.sources.reconciliations import Reconciliation, reconciliation
from perfkit.sources.snapshots import Snapshot

__all__ = ["Reconciliation", "Snapshot", "changes", "load", "reconciliation", "set_aside", "snapshots"]
