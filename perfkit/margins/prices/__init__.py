"""What is left of list prices, who gets which discount, and what did other prices do to volumes?"""

from perfkit.margins.prices.changes import PriceChanges, price_changes
from perfkit.margins.prices.dispersions import DiscountDispersion, discount_dispersion
from perfkit.margins.prices.waterfalls import PriceWaterfall, waterfall

__all__ = [
    "DiscountDispersion",
    "PriceChanges",
    "PriceWaterfall",
    "discount_dispersion",
    "price_changes",
    "waterfall",
]
