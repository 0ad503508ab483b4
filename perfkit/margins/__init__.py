"""Margins: what is earned on what is sold, and does it tie to the books?"""

from perfkit.margins import ledger
from perfkit.margins.ledger import LedgerTie

__all__ = ["LedgerTie", "ledger"]
