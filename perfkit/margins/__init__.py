"""Margins: what is earned on what is sold, who earns it, why it moved, and does it tie to the books?"""

from perfkit.margins import bridge, ledger, prices, profitability, statement
from perfkit.margins.bridge import PriceVolumeMix
from perfkit.margins.ledger import LedgerTie
from perfkit.margins.prices import DiscountDispersion, PriceChanges, PriceWaterfall
from perfkit.margins.profitability import Profitability, WhaleCurve
from perfkit.margins.statement import Statement

__all__ = [
    "DiscountDispersion",
    "LedgerTie",
    "PriceChanges",
    "PriceVolumeMix",
    "PriceWaterfall",
    "Profitability",
    "Statement",
    "WhaleCurve",
    "bridge",
    "ledger",
    "prices",
    "profitability",
    "statement",
]
