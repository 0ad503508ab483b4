"""Who and what earns money, after the costs that each causes?"""

from perfkit.margins.profitability.differences import Differences, differences
from perfkit.margins.profitability.earnings import Profitability, by
from perfkit.margins.profitability.whales import WhaleCurve, whale_curve

__all__ = ["Differences", "Profitability", "WhaleCurve", "by", "differences", "whale_curve"]
