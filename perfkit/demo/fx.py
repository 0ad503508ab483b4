"""FX: what are a pound and a Swiss franc worth, month by month?"""

import numpy as np
import pandas as pd

from perfkit.demo.calendar import MONTHS
from perfkit.demo.draws import Floats, each_of, stream
from perfkit.demo.frames import frame

CURRENCIES = {"Suisse": "CHF", "Royaume-Uni": "GBP"}
"""Countries whose customers are billed in their own money."""
PLAN_RATES = {"CHF": 1.04, "GBP": 1.16}
"""Euros for one unit at which the price lists of these countries were made."""
_DRIFT = {"CHF": 0.0012, "GBP": -0.0010}


def monthly_rates(seed: int) -> dict[str, Floats]:
    """Return euros for one unit in each month, to four decimals."""
    found = {}
    for currency, plan in PLAN_RATES.items():
        steps = stream(seed, f"fx.{currency}").normal(_DRIFT[currency], 0.008, MONTHS.size)
        found[currency] = np.round(plan * np.exp(np.cumsum(steps) - steps[0]), 4)
    return found


def fx_table(seed: int) -> pd.DataFrame:
    """Return the canonical rates, one a month and currency, on the first of the month."""
    rates = monthly_rates(seed)
    names = list(rates)
    return frame(
        "fx",
        {
            "date": np.repeat(MONTHS, len(names)).astype("datetime64[D]"),
            "currency": each_of(names, np.tile(np.arange(len(names)), MONTHS.size)),
            "rate": np.stack([rates[name] for name in names], axis=1).ravel(),
        },
    )
