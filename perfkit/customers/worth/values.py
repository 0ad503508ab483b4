"""Values: what are the customers of today worth from here on: all of them, each cohort, each group?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perfkit.customers import clv
from perfkit.customers.clv import Choice
from perfkit.customers.clv.backtests import PAST_RATE
from perfkit.customers.worth import value_views as views
from perfkit.customers.worth.absences import Absent
from perfkit.customers.worth.bases import Base, Model
from perfkit.customers.worth.sums import together
from perfkit.languages import text
from perfkit.results import Result, View

TOTAL = "total"


@dataclass(frozen=True, eq=False)
class CustomerValue(Result):
    """What the customers of today are worth until the horizon.

    Attributes
    ----------
    total : dict
        estimate; low, high: how well the expectation is known (the parameters'); outcome_low, outcome_high: luck in
        purchases and amounts at these parameters; actual_low, actual_high: both; purchases, n. In the company's
        currency; missing where amounts differ so much that their variance has no end.
    by_group, by_cohort : DataFrame, one row a member
        The same: of groups, by their place in `base.models`; of cohorts, by the year of the first purchase.
    by_model : DataFrame, one row a family of models
        The total by each family that was tested, the chosen one first, with its bias: intervals take a model to be
        right, and these say what it matters which. Empty where none was tested.
    base : Base
    """

    total: dict[str, Any]
    by_group: pd.DataFrame
    by_cohort: pd.DataFrame
    by_model: pd.DataFrame
    base: Base

    @property
    def beyond(self) -> bool:
        """Whether another model says less, or more, than the interval of the total does."""
        others = self.by_model["estimate"].iloc[1:]
        return bool(((others < self.total["low"]) | (others > self.total["high"])).any())

    def figures(self) -> pd.DataFrame:
        """Return the value of all customers, of each group and cohort."""
        return views.value_figures(self)

    def views(self) -> list[View]:
        """Return the value of each group with both uncertainties, then of each cohort."""
        return views.value_views(self)


def value(base: Base | Absent) -> CustomerValue | Absent:
    """Value the customers of a base from its last day to its horizon, discounted.

    Parameters
    ----------
    base : Base or Absent
    """
    if isinstance(base, Absent):
        return Absent(text("What customers are worth from here on"), base.reason)
    parts: dict[str, list[pd.DataFrame]] = {"group": [], "cohort": [], TOTAL: []}
    for place, model in enumerate(base.models):
        part = base.part(model)
        of = _of(base, model)
        years = part.customers["acquired_on"].dt.year.astype(str)
        for name, by in (("cohort", years), (TOTAL, TOTAL)):
            found = model.fitted.lifetime_value(part, model.spend, by=by, **of)  # type: ignore[arg-type]
            parts[name].append(found)
            if name == TOTAL:
                parts["group"].append(found.set_axis([place]))
    total = {
        str(key): (None if isinstance(each, float) and np.isnan(each) else each)
        for key, each in together(parts[TOTAL]).iloc[0].items()
    }
    return CustomerValue(
        total=total,
        by_group=together(parts["group"]),
        by_cohort=together(parts["cohort"]).sort_index(),
        by_model=_by_model(base, total),
        base=base,
    )


def _of(base: Base, model: Model) -> dict[str, Any]:
    return {"horizon": base.horizon, "annual_discount_rate": base.annual_discount_rate, "margin_rate": model.kept}


def _by_model(base: Base, total: dict[str, Any]) -> pd.DataFrame:
    """What all customers are worth by each family of models that was tested, the chosen one first."""
    if not isinstance(base.choice, Choice):
        return pd.DataFrame(
            {name: pd.Series(dtype="float64") for name in ("family", "bias", "estimate", "low", "high")}
        )
    bias = base.choice.tested.scores()["bias"].drop(index=PAST_RATE)
    rows = [{"family": base.choice.model, **total}]
    for family in bias.index.drop(base.choice.model):
        parts = []
        for model in base.models:
            part = base.part(model)
            parts.append(clv.fit(part, family).lifetime_value(part, model.spend, by=TOTAL, **_of(base, model)))
        rows.append({"family": str(family), **together(parts).iloc[0]})
    found = pd.DataFrame(rows)
    return found.assign(bias=bias[found["family"]].to_numpy())[
        ["family", "bias", "estimate", "low", "high", "n", "level"]
    ]
