"""Lifetime value: what will customers buy from here on, what is it worth, and how sure is one of it?"""

from perfkit.customers.clv.backtests import Backtest, Choice, backtest, choose
from perfkit.customers.clv.calibrations import Calibration, calibration
from perfkit.customers.clv.fitted import Fitted
from perfkit.customers.clv.fitting import fit
from perfkit.customers.clv.pooling import Pooled
from perfkit.customers.clv.spend import Spend, fit_spend
from perfkit.customers.clv.summaries import Summary, summarise
from perfkit.customers.clv.tracks import Tracking, tracking

__all__ = [
    "Backtest",
    "Calibration",
    "Choice",
    "Fitted",
    "Pooled",
    "Spend",
    "Summary",
    "Tracking",
    "backtest",
    "calibration",
    "choose",
    "fit",
    "fit_spend",
    "summarise",
    "tracking",
]
