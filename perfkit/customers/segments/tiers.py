"""Tiers: how much of the value do the best customers bring, and who belongs to which tier?

Tiers are declared as shares of the customers, the best first. Customers of the same value are in one tier, the better
one where a boundary falls between them: the share of customers that a tier really holds stands beside the declared one.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from perfkit import estimates
from perfkit.customers.segments import tier_views as views
from perfkit.customers.segments import words
from perfkit.customers.segments.scores import Rfm
from perfkit.errors import ParameterError
from perfkit.results import Result, View

TOPS = (Decimal("0.01"), Decimal("0.1"), Decimal("0.2"))
"""Shares of the customers whose part of the value is told."""


@dataclass(frozen=True, eq=False)
class ValueTiers(Result):
    """Customers in tiers by value.

    Attributes
    ----------
    customers : DataFrame, one row a customer, the most valuable first
        customer_id; value, Decimal; cumulative, Decimal: of this one and all before; tier, int: 1 the best.
    tiers : DataFrame, one row a tier
        tier; declared: share of customers asked for; n; share: of customers, really; least, most, Decimal: values
        within; value, Decimal; share_of_value: missing where the total is not positive. A tier without members has n 0.
    tops : DataFrame
        share: of customers; n: their number, rounded up; value, Decimal; share_of_value.
    scored : Rfm
        The customers and what was left out.
    shares : tuple of Decimal
        As declared.
    """

    customers: pd.DataFrame
    tiers: pd.DataFrame
    tops: pd.DataFrame
    scored: Rfm
    shares: tuple[Decimal, ...]

    @property
    def as_of(self) -> dt.date:
        """Last day that counts."""
        return self.scored.as_of

    @property
    def currency(self) -> str:
        """Of the amounts."""
        return self.scored.currency

    @property
    def total(self) -> Decimal:
        """What all customers brought."""
        return self.scored.total

    @property
    def order(self) -> list[str]:
        """The tiers as segments, the best first."""
        return [str(each) for each in self.tiers["tier"]]

    def members(self) -> pd.DataFrame:
        """Return each customer's segment: customer_id, segment (the tier's number), value."""
        return self.customers[["customer_id", "value"]].assign(segment=self.customers["tier"].astype(str))

    def name(self, segment: str) -> str:
        """Return what a reader calls a tier."""
        return words.tier(int(segment), self.shares)

    def figures(self) -> pd.DataFrame:
        """Return customers and value of each tier, and the share of the best."""
        return views.tier_figures(self)

    def views(self) -> list[View]:
        """Return the tiers, and what ties them to sales."""
        return views.tier_views(self)

    def ties_to(self) -> dict[str, Any]:
        """Return the totals of the source: the customers' and those left out."""
        return self.scored.ties_to()


def value_tiers(scored: Rfm, *, shares: Sequence[float | Decimal] = (0.2, 0.3)) -> ValueTiers:
    """Put customers in tiers by what they brought.

    Parameters
    ----------
    scored : Rfm
        The customers, as `rfm` returns them.
    shares : sequence of float
        Of the customers, the best first: (0.2, 0.3) are the top 20 %, the next 30 % and the rest.

    Raises
    ------
    ParameterError
        If a share is not above 0, or all together are 1 or more.

    See Also
    --------
    charts.value_tiers : what share of the customers brings what share of the value.
    """
    try:
        declared = tuple(Decimal(str(each)) for each in shares)
    except ArithmeticError:
        declared = ()
    if not declared or any(not each > 0 for each in declared) or sum(declared) >= 1:
        raise ParameterError(
            f"shares is {shares!r}: give shares of the customers above 0, together below 1, such as (0.2, 0.3) for the "
            "top 20 %, the next 30 % and the rest."
        )
    frame = scored.customers[["customer_id", "value"]]
    ordered = frame.sort_values(["value", "customer_id"], ascending=[False, True], kind="stable")
    ordered = ordered.reset_index(drop=True)
    n, total = len(ordered), scored.total
    better = (ordered["value"] != ordered["value"].shift()).to_numpy()
    rank = np.maximum.accumulate(np.where(better, np.arange(n), 0))  # customers that are strictly better
    ends = [ceil(Fraction(sum(declared[: place + 1])) * n) for place in range(len(declared))]
    tier = 1 + np.searchsorted(np.array(ends), rank, side="right")
    cumulative = np.cumsum(ordered["value"].to_numpy(dtype=object))
    customers = ordered.assign(cumulative=pd.Series(cumulative, dtype="object"), tier=tier)
    rest = 1 - sum(declared, Decimal(0))
    rows = [
        _row(each, share, customers.loc[tier == each, "value"], n, total)
        for each, share in enumerate((*declared, rest), 1)
    ]
    tops = []
    for share in TOPS:
        k = ceil(Fraction(share) * n)
        tops.append((float(share), k, cumulative[k - 1], _share(cumulative[k - 1], total)))
    return ValueTiers(
        customers=customers,
        tiers=pd.DataFrame(rows).astype(dict.fromkeys(("least", "most", "value"), "object")),
        tops=pd.DataFrame(tops, columns=["share", "n", "value", "share_of_value"]).astype({"value": "object"}),
        scored=scored,
        shares=declared,
    )


def _share(amount: Decimal, total: Decimal) -> float | None:
    return estimates.ratio(amount, total) if total > 0 else None


def _row(tier: int, declared: Decimal, values: pd.Series, n: int, total: Decimal) -> dict[str, Any]:
    amount = sum(values, Decimal(0))
    return {
        "tier": tier,
        "declared": float(declared),
        "n": len(values),
        "share": len(values) / n,
        "least": None if values.empty else min(values),
        "most": None if values.empty else max(values),
        "value": amount,
        "share_of_value": _share(amount, total),
    }
