"""Margins: what is earned on what is sold, who earns it, why it moved, and does it tie to the books?"""

from perfkit.margins import bridge, ledger, profitability, statement
from perfkit.margins.bridge import PriceVolumeMix
from perfkit.margins.ledger import LedgerTie
from perfkit.margins.profitability import Profitability, WhaleCurve
from perfkit.margins.statement import Statement

__all__ = [
    "LedgerTie",
    "PriceVolumeMix",
    "Profitability",
    "Statement",
    "WhaleCurve",
    "bridge",
    "ledger",
    "profitability",
    "statement",
]
