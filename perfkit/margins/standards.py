"""Standards: how much of the cost of goods was measured on no line, but made of a unit cost of the product table?

Such a cost is a line's quantity times the one unit cost that its product has today, whatever the day of the sale. It
gives a margin, and says nothing of what buying prices did: between two years of one unit cost nothing moves by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from perfkit import contribution, estimates
from perfkit.languages import missing, money, percent, text
from perfkit.schema import SALES


@dataclass(frozen=True)
class Standard:
    """What of a cost of goods is a standard cost.

    Attributes
    ----------
    cost, of : Decimal
        The standard cost, and all cost of goods of the lines.
    revenue : Decimal
        Net revenue of the lines whose cost is a standard one.
    """

    cost: Decimal = Decimal(0)
    of: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)

    @property
    def share(self) -> float | None:
        """Standard cost / cost of goods; None where there is none."""
        return estimates.ratio(self.cost, self.of) if self.cost and self.of > 0 else None


NONE = Standard()
"""Every cost is that of its line."""


def lines_of(sales: ibis.Table | pd.DataFrame) -> ibis.Table:
    """Return lines of sales that say which of their costs are standard ones, to be checked (see `lines.checked`)."""
    return contribution.with_standard(SALES.table(sales))


def of_sums(sums: Mapping[str, Any]) -> Standard:
    """Return what `contribution.sums` found: standard_cost, cost and standard_revenue, of one row or of many."""
    amounts = [_sum(sums.get(name)) for name in ("standard_cost", "cost", "standard_revenue")]
    return Standard(*amounts)


def _sum(values: Any) -> Decimal:
    each = list(values) if isinstance(values, pd.Series) else [values]
    return sum((value for value in each if not missing(value)), Decimal(0))


def in_words(found: Standard, currency: str) -> str:
    """Return what a reader of a margin must know of its cost; empty where every cost is that of its line."""
    if found.share is None:
        return ""
    return text(
        "{share} of the cost of goods, below {revenue} of net revenue, is a standard cost: quantity × the one unit "
        "cost of the product table, whatever the day. No margin shows what buying prices did to it.",
        share=percent(found.share),
        revenue=money(found.revenue, currency),
    )
