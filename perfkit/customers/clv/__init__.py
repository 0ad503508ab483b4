"""Lifetime value: what will customers buy from here on, what is it worth, and how sure is one of it?"""

from perfkit.customers.clv.backtests import Backtest, Choice, backtest, choose
from perfkit.customers.clv.fitted import Fitted
from perfkit.customers.clv.fitting import fit
from perfkit.customers.clv.pooling import Pooled
from perfkit.customers.clv.spend import Spend, fit_spend
from perfkit.customers.clv.summaries import Summary, summarise

__all__ = [
    "Backtest",
    "Choice",
    "Fitted",
    "Pooled",
    "Spend",
    "Summary",
    "backtest",
    "choose",
    "fit",
    "fit_spend",
    "summarise",
]
