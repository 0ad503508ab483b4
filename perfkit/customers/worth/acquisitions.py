"""Acquisitions: what is a customer worth on the day of the first purchase, by channel, against what one costs?

The value of a new customer is what the first purchase brings and what is expected from the purchases that follow within
the horizon, discounted. Within each group of customers, channels have parameters of their own, and small ones borrow
strength from the others (`clv.pooling`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perfkit.customers import clv
from perfkit.customers.clv import Fitted
from perfkit.customers.clv.intervals import positive
from perfkit.customers.cohorts import Payback
from perfkit.customers.maximum import Z
from perfkit.customers.worth import acquisition_views as views
from perfkit.customers.worth.absences import Absent
from perfkit.customers.worth.bases import ENOUGH, Base, Model
from perfkit.customers.worth.sums import ratio
from perfkit.estimates import LEVEL
from perfkit.languages import text
from perfkit.results import Result, View

NEW = pd.DataFrame({"frequency": [0], "recency": [0.0], "T": [0.0]})
"""The history of a customer who has just bought for the first time."""
_FREE = 0.1  # of the value, from which on channels without spend make the cost of all of them too low to be told


@dataclass(frozen=True, eq=False)
class AcquiredValue(Result):
    """What a newly acquired customer is worth, by acquisition channel.

    Attributes
    ----------
    channels : DataFrame, one row a channel, the most valuable first; the last row, of member None, is all together
        member; n, int: customers of it that are valued; repeats: purchases expected after the first, discounted;
        estimate, low, high, level: value of a new customer; spend, Decimal or None: all that was spent on the channel
        in the periods of the cohorts; acquired, int: customers acquired in them; cac, float: the one over the other;
        ratio, ratio_low, ratio_high: value over cac; borrowed: the share of how often customers buy that other channels
        tell; paid: "paid back", "not paid back", "not distinguishable", or why it is not
        told: "too few", "no spend", "no margin", "part of the spend".
    base : Base
    """

    channels: pd.DataFrame
    base: Base

    @property
    def together(self) -> dict[str, Any]:
        """All channels together."""
        return {str(key): each for key, each in self.channels.iloc[-1].items()}

    @property
    def each(self) -> pd.DataFrame:
        """The channels, without the row of all."""
        return self.channels.iloc[:-1]

    def figures(self) -> pd.DataFrame:
        """Return value, cost and their ratio by channel."""
        return views.acquisition_figures(self)

    def views(self) -> list[View]:
        """Return the channels."""
        return views.acquisition_views(self)


def acquired(base: Base | Absent, payback: Payback | Absent) -> AcquiredValue | Absent:
    """Value a new customer of each channel, and set it against what one costs.

    Parameters
    ----------
    base : Base or Absent
    payback : Payback or Absent
        Which says what was spent on each channel and whom it acquired.
    """
    title = text("What a new customer is worth, by acquisition channel")
    if isinstance(base, Absent):
        return Absent(title, base.reason)
    if base.channel is None:
        return Absent(
            title,
            text("No acquisition channel is known: ask for the channel by which each customer came "
                 "(acquisition_channel), and for the spend of each (date, channel, amount)."),
        )  # fmt: skip
    cells = pd.DataFrame([cell for model in base.models for cell in _cells(base, model)])
    rows = [_weighted(part, member) for member, part in cells.groupby("member")]
    rows.sort(key=lambda row: (-row["estimate"], row["member"]))
    found = [row | _cost(row, payback) for row in rows]
    free = sum(row["n"] * row["estimate"] for row in found if row["paid"] == "no spend")
    whole = _weighted(cells, None)
    cost = _cost(whole, payback)
    if cost["cac"] is not None and free > _FREE * whole["n"] * whole["estimate"]:
        cost = dict.fromkeys(cost) | {"paid": "part of the spend"}
    found.append(whole | cost)
    return AcquiredValue(pd.DataFrame(found).astype({"member": "object", "spend": "object"}), base)


def _cells(base: Base, model: Model) -> list[dict[str, Any]]:
    """The channels of one group: customers, expected purchases and what one brings."""
    part = base.part(model).customers
    members = part["member"].fillna(views.UNKNOWN)
    fitted: dict[str, Fitted] = {}
    borrowed: dict[str, float] = {}
    # Where a parameter is not identified from all customers of the group, none is from those of one channel.
    if members.nunique() > 1 and model.fitted.span is None and not model.fitted.loose.any():
        pooled = clv.fit(base.part(model), model.fitted.model, by=members)
        fitted, borrowed = pooled.groups, pooled.borrowed.set_index("group")["buying"].to_dict()
    whole = brings(part, model)
    found = []
    for member, rows in part.groupby(members):
        own = brings(rows, model) if len(rows) >= ENOUGH else whole
        of = fitted.get(str(member), model.fitted)
        later = of.lifetime_value(
            NEW, 1.0, horizon=base.horizon, annual_discount_rate=base.annual_discount_rate, time_unit="week"
        ).iloc[0]  # fmt: skip
        width = (np.log(later["high"] / later["estimate"]) / Z * later["estimate"]) if later["estimate"] > 0 else 0.0
        amount, off = own
        found.append(
            {
                "member": str(member),
                "n": len(rows),
                "repeats": float(later["estimate"]),
                "estimate": amount * (1 + later["estimate"]),
                "variance": ((1 + later["estimate"]) * off) ** 2 + (amount * width) ** 2,
                "borrowed": borrowed.get(str(member), np.nan),
            }
        )
    return found


def brings(customers: pd.DataFrame, model: Model) -> tuple[float, float]:
    """What a purchase leaves, returns and costs taken off, and its standard error."""
    purchases = (customers["frequency"] + 1).to_numpy(np.float64)
    amount = ratio(customers["bought"].fillna(0.0).to_numpy(np.float64), purchases)
    if amount is None:
        return 0.0, 0.0
    kept, a = model.kept.iloc[0], amount.iloc[0]
    value = float(a["estimate"] * kept["estimate"])
    return value, float(np.hypot(a["se"] * kept["estimate"], a["estimate"] * kept["se"]))


def _weighted(cells: pd.DataFrame, member: str | None) -> dict[str, Any]:
    """Cells of several groups as one, each by its customers."""
    share = cells["n"] / cells["n"].sum()
    estimate, error = float(share @ cells["estimate"]), np.sqrt(float(share**2 @ cells["variance"]))
    low, high = positive(np.array([estimate]), np.array([error])) if estimate > 0 else (
        np.array([estimate - Z * error]), np.array([estimate + Z * error]),
    )  # fmt: skip
    known = cells["borrowed"].notna()
    lent = float((share * cells["borrowed"])[known].sum() / share[known].sum()) if known.any() else None
    return {
        "member": member, "n": int(cells["n"].sum()), "repeats": float(share @ cells["repeats"]), "estimate": estimate,
        "low": float(low[0]), "high": float(high[0]), "level": LEVEL,
        "borrowed": None if member is None else lent,
    }  # fmt: skip


def _cost(row: dict[str, Any], payback: Payback | Absent) -> dict[str, Any]:
    """What a customer of the channel costs, and what one brings for it."""
    nothing = {"spend": None, "acquired": None, "cac": None, "ratio": None, "ratio_low": None, "ratio_high": None}
    if isinstance(payback, Absent):
        return nothing | {"paid": "no spend"}
    cohorts = payback.cohorts
    mine = cohorts[cohorts["member"].isna() if row["member"] is None else cohorts["member"] == row["member"]]
    spend, n = sum(mine["spend"]), int(mine["n"].sum())
    if not n or spend <= 0:
        return nothing | {"paid": "no spend"}
    cac = float(spend / n)
    found = {"spend": spend, "acquired": n, "cac": cac}
    if payback.value == "revenue":
        return nothing | found | {"paid": "no margin"}
    ends = {f"ratio{end}": row[name] / cac for end, name in (("", "estimate"), ("_low", "low"), ("_high", "high"))}
    paid = "paid back" if ends["ratio_low"] > 1 else "not distinguishable"
    if ends["ratio_high"] < 1:
        paid = "not paid back"
    if n < ENOUGH:  # how many come for so much spend is chance
        paid = "too few"
    return found | ends | {"paid": paid}
