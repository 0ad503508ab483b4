"""What did prices, volumes, mix and costs do to revenue and gross profit?"""

from perfkit.margins.bridge.price_volume import PriceVolumeMix, price_volume_mix

__all__ = ["PriceVolumeMix", "price_volume_mix"]
