"""Points: what is a point of retention worth?

One more new customer in a hundred still buys a year after the first purchase, and nobody buys more often while he does:
in the model, customers stop later by just so much. What such a change would bring within the horizon, of the customers
whom the company acquires in a year, is that point's worth. It is a yardstick: what moves retention, and at what cost,
only an experiment tells.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from perfkit.customers.clv import Fitted
from perfkit.customers.clv.intervals import joined, positive
from perfkit.customers.clv.summaries import DAYS
from perfkit.customers.clv.values import discounted_purchases, force_of
from perfkit.customers.worth import point_views as views
from perfkit.customers.worth.absences import Absent
from perfkit.customers.worth.acquisitions import NEW, brings
from perfkit.customers.worth.bases import Base
from perfkit.customers.worth.sums import together
from perfkit.languages import text
from perfkit.results import Result, View

POINT = 0.01
_LIKE = 1000  # new customers of whom a point is told, where none was acquired in the year
YEAR = DAYS["year"] / DAYS["week"]
_AT, _WEIGHTS = (each / 2 for each in np.polynomial.legendre.leggauss(64))
_AT = _AT + 0.5


@dataclass(frozen=True, eq=False)
class RetentionPoint(Result):
    """What a point of one-year retention is worth.

    Attributes
    ----------
    groups : DataFrame, one row a group whose customers stop, by its place in `base.models`
        stays, stays_low, stays_high: the chance that a new customer still buys a year later; n: customers acquired in
        the year until the last day; each, each_low, each_high: what a point brings of a new customer; estimate, low,
        high, level: of all n.
    total : dict
        The same of all groups: sums, stays and each by their customers.
    acquired : bool
        Whether anybody was acquired in that year: if not, n is of a thousand new customers like those there are.
    endless : tuple of int
        The places of groups in which nobody is seen to stop: a point more is not defined there.
    base : Base
    """

    groups: pd.DataFrame
    total: dict[str, Any]
    acquired: bool
    endless: tuple[int, ...]
    base: Base

    def figures(self) -> pd.DataFrame:
        """Return what a point is worth, of each group and in all, and how many stay."""
        return views.point_figures(self)

    def views(self) -> list[View]:
        """Return the groups."""
        return views.point_views(self)


def retention_point(base: Base | Absent) -> RetentionPoint | Absent:
    """Value a point of one-year retention of the customers acquired in the year until the base's last day.

    Parameters
    ----------
    base : Base or Absent
    """
    title = text("What a point of retention is worth")
    if isinstance(base, Absent):
        return Absent(title, base.reason)
    year_before = pd.Timestamp(base.until - dt.timedelta(days=round(DAYS["year"])))
    new = (base.customers["acquired_on"] > year_before).to_numpy()
    rows, endless = [], []
    for place, model in enumerate(base.models):
        of = model.sure
        acquired = int(new[model.at].sum()) if new.any() else round(_LIKE * len(model.at) / len(new))
        if still_buys(of, of.theta, YEAR) >= 1 - POINT or of.span is not None:
            endless.append(place)
            continue
        amount, off = brings(base.customers.iloc[model.at], model)
        more = of.interval(lambda theta, of=of: np.array([_purchases(base, of, theta)]))  # type: ignore[misc]
        stays = of.interval(lambda theta, of=of: np.array([still_buys(of, theta, YEAR)]), share=True)  # type: ignore[misc]
        each = float(more[0][0]) * amount
        ends = joined(amount * more[0], (amount * more[1], amount * more[2]), positive(amount * more[0], off * more[0]))
        low, high = (float(end[0]) for end in ends)
        rows.append(
            {"place": place, "n": acquired, "estimate": each * acquired, "low": low * acquired, "high": high * acquired,
             "each": each, "each_low": low, "each_high": high,
             **{f"stays{end}": float(stays[at][0]) for at, end in enumerate(("", "_low", "_high"))}}
        )  # fmt: skip
    if not rows:
        return Absent(
            title,
            text("No customer is seen to stop, so that a point more cannot be told from what is: a longer history "
                 "would show who stops. Ask for earlier sales."),
        )  # fmt: skip
    groups = pd.DataFrame(rows).set_index("place")
    total = together([groups[["estimate", "low", "high", "n"]].set_axis(["total"] * len(groups))]).iloc[0].to_dict()
    weights = groups["n"] if groups["n"].sum() else pd.Series(1, index=groups.index)
    share = weights / weights.sum()
    total["stays"] = float((groups["stays"] * share).sum())
    for end, sign in (("low", -1), ("high", 1)):
        away = np.sqrt((((groups[f"stays_{end}"] - groups["stays"]) * share) ** 2).sum())
        total[f"stays_{end}"] = float(np.clip(total["stays"] + sign * away, 0.0, 1.0))
    total["each"] = total["estimate"] / total["n"] if total["n"] else None
    return RetentionPoint(groups, total, bool(new.any()), tuple(endless), base)


def still_buys(fitted: Fitted, theta: np.ndarray, weeks: float) -> float:
    """Return the chance that a new customer still buys so many weeks after the first purchase.

    Pareto/NBD: (beta / (beta + t)) ** s. BG/NBD: purchases that make a customer stop come at the rate times p, so that
    none has come by t with the mean of (alpha / (alpha + p t)) ** r over p; MBG/NBD: times 1 - p, of the first one.
    """
    if fitted.model == "pareto_nbd":
        s, beta = theta[2:]
        return float(np.exp(-s * np.log1p(weeks / beta)))
    if fitted.model not in ("bg_nbd", "mbg_nbd"):
        return 1.0
    r, alpha, a, b = theta
    p = betaincinv(a, b, _AT)
    first = 1.0 if fitted.model == "bg_nbd" else 1 - p
    return float(_WEIGHTS @ (first * np.exp(-r * np.log1p(p * weeks / alpha))))


def longer(fitted: Fitted, theta: np.ndarray, more: float = POINT) -> np.ndarray:
    """Return the parameters at which so many more new customers still buy a year later, at unchanged rates."""
    from scipy.optimize import brentq  # here: every report loads this room, and one of them needs it

    wanted = min(still_buys(fitted, theta, YEAR) + more, 1 - 1e-9)
    changed = theta.copy()

    def away(log_times: float) -> float:
        changed[3] = theta[3] * np.exp(log_times)
        return still_buys(fitted, changed, YEAR) - wanted

    changed[3] = theta[3] * np.exp(brentq(away, 0.0, 20.0, xtol=1e-12))
    return changed


def _purchases(base: Base, fitted: Fitted, theta: np.ndarray) -> float:
    """The purchases, discounted, that a point of retention adds to those of a new customer."""
    rows, force = fitted.units(NEW, None).rows, force_of(base.annual_discount_rate, "week")

    def expected(theta: np.ndarray) -> float:
        return float(discounted_purchases(fitted, theta, rows, base.horizon, force)[0])

    return expected(longer(fitted, theta)) - expected(theta)
