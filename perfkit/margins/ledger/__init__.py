"""Do sales tie to the books, and what explains each euro between them?"""

from perfkit.margins.ledger.ties import REFERENCES, LedgerTie, tie

__all__ = ["REFERENCES", "LedgerTie", "tie"]
