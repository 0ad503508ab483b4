"""KPIs: the lines of each KPI of the catalogue in a period, and what these come to."""

from collections.abc import Callable, Mapping
from decimal import Decimal

import ibis
import pandas as pd
from ibis import _

from perfkit import estimates
from perfkit.aggregations import within
from perfkit.contribution import has_list_price
from perfkit.errors import ParameterError
from perfkit.kpis.behind.asked import PART, Asked, Behind, Value, ratio_of, revenue, total
from perfkit.kpis.catalogue import CATALOGUE, LARGEST, REPEAT_DAYS
from perfkit.kpis.measures import measured_values
from perfkit.kpis.sums import first_purchase, mature
from perfkit.languages import text
from perfkit.lines import is_in, is_purchase, span
from perfkit.periods import Period, working_days


def kpi_behind(asked: Asked, kpi: str, period: Period) -> Behind:
    """Return the lines of a KPI in a period."""
    declared = CATALOGUE[kpi]
    lacking = [column for column in declared.needs if column not in asked.lines.columns]
    if lacking:
        raise ParameterError(f"{asked.figure_id}: the data have no {lacking[0]}, so there is no such figure.")
    lines, value = LINES[kpi](asked.lines, period)
    unit, how = declared.unit_in(asked.currency), text(declared.basis)
    if kpi == "revenue_per_working_day":
        days = working_days(period, asked.calendar)
        return Behind(asked.figure_id, lines, how, unit, lambda frame: estimates.ratio(revenue(frame), days))
    return Behind(asked.figure_id, lines, how, unit, value)


def said_behind(asked: Asked, kpi: str, period: Period) -> Behind:
    """Return the lines of a KPI as the scorecard says it; refused where that says why there is none."""
    found = kpi_behind(asked, kpi, period)
    if kpi != "revenue":  # which every period has
        both, days = {"now": working_days(period, asked.calendar), "before": 0}, span(asked.lines, period)
        said = measured_values(asked.lines, period, period.year_before(), days, working_days=both)["now"][kpi]
        if said.actual is None:
            raise asked.absent(said.reason)
    return found


def _count(column: str) -> Value:
    return lambda lines: int(lines[column].nunique())


def _all(lines: ibis.Table, period: Period) -> ibis.Table:
    return lines.filter(is_in(period))


def _summed(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    here = _all(lines, period)
    return here.mutate(here.net_revenue.name(PART)), total


def _order(lines: pd.DataFrame) -> pd.Series:
    """Which order each line is of, missing where a number of several customers stands beside none: see `lines`."""
    number = lines["order_id"].astype("string")
    if "customer_id" not in lines.columns:
        return number
    customer = lines["customer_id"].astype("string")
    several = customer.groupby(number).transform("nunique") > 1
    return number.where(~several, number + "\x1f" + customer)


def _bought(lines: pd.DataFrame) -> int:
    """How many orders bought something."""
    return int(_order(lines)[_positive(lines)].nunique())


def _positive(lines: pd.DataFrame) -> pd.Series:
    return lines["net_revenue"] > 0


def _returned(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float | None:
        return estimates.ratio(-revenue(frame, ~_positive(frame)), revenue(frame, _positive(frame)))

    return _all(lines, period).filter(_.net_revenue != 0), value


def _discounted(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float | None:
        listed = sum(frame["list_revenue"], Decimal(0))
        return estimates.ratio(listed - revenue(frame), listed)

    return _all(lines, period).filter(has_list_price()), value


def _numbered(lines: ibis.Table, period: Period) -> ibis.Table:
    return _all(lines, period).filter(_.order_id.notnull())


def _of_orders(lines: ibis.Table, period: Period) -> ibis.Table:
    """All lines of the orders that bought something."""
    numbered = _numbered(lines, period)
    return numbered.semi_join(numbered.filter(is_purchase()).select("order_id").distinct(), "order_id")


def _orders(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    return _of_orders(lines, period), _bought


def _order_value(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float | None:
        return estimates.ratio(revenue(frame), _bought(frame))

    return _numbered(lines, period), value


def _median_order(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float:
        order = _order(frame)
        bought = set(order[_positive(frame)].dropna())
        sums: dict[str, Decimal] = {}
        for each, amount in zip(order, frame["net_revenue"], strict=True):
            if each in bought:
                sums[each] = sums.get(each, Decimal(0)) + amount
        return float(pd.Series([float(each) for each in sums.values()]).median())

    return _of_orders(lines, period), value


def _buying(lines: ibis.Table, period: Period) -> ibis.Table:
    """Purchases of identified customers."""
    return _all(lines, period).filter(is_purchase() & _.customer_id.notnull())


def _customers(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    return _buying(lines, period), _count("customer_id")


def _firsts(lines: ibis.Table) -> ibis.Table:
    """Each customer's first purchase."""
    bought = lines.filter(is_purchase() & _.customer_id.notnull())
    return bought.group_by("customer_id").agg(first=first_purchase(bought))


def _fresh(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    new = _firsts(lines).filter(within(_["first"], period.start, period.end))
    return _buying(lines, period).semi_join(new, "customer_id"), _count("customer_id")


def _returning(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    old = _firsts(lines).filter(_["first"] < ibis.date(period.start.isoformat()))
    return _buying(lines, period).semi_join(old, "customer_id"), _count("customer_id")


def _frequency(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    return _buying(lines, period), ratio_of(lambda frame: int(_order(frame).nunique()), _count("customer_id"))


def _repeat(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    """The first purchases of a year's new customers, and what they bought in the days after."""
    cohort = _firsts(lines).filter(within(_["first"], *mature(period)))
    bought = lines.filter(is_purchase()).inner_join(cohort, "customer_id")
    after = bought.date.delta(bought["first"], unit="day")

    def value(frame: pd.DataFrame) -> float | None:
        again = frame.loc[frame["date"] > frame["first"], "customer_id"].nunique()
        return estimates.ratio(int(again), int(frame["customer_id"].nunique()))

    return bought.filter(after <= REPEAT_DAYS), value


def identified(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    """Return the lines of customers who are known, and the share of the largest."""
    return _all(lines, period).filter(_.customer_id.notnull()), of_largest(LARGEST)


def _sums_by_customer(lines: pd.DataFrame) -> list[Decimal]:
    sums: dict[str, Decimal] = {}
    for customer, amount in zip(lines["customer_id"], lines["net_revenue"], strict=True):
        sums[customer] = sums.get(customer, Decimal(0)) + amount
    return sorted(sums.values(), reverse=True)


def of_largest(most: int) -> Value:
    """Return what the share of so many customers is."""
    return lambda lines: estimates.ratio(sum(_sums_by_customer(lines)[:most], Decimal(0)), revenue(lines))


def hhi(lines: pd.DataFrame) -> float:
    """Return the sum of the squared shares of the customers."""
    return sum(float(each) ** 2 for each in _sums_by_customer(lines)) / float(revenue(lines)) ** 2


def _known(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float | None:
        return estimates.ratio(revenue(frame, frame["customer_id"].notna()), revenue(frame))

    return _all(lines, period), value


def _profit(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    here = _all(lines, period).filter(_.cost.notnull())
    return here.mutate((here.net_revenue - here.cost).name(PART)), total


def _margin_rate(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    here, _value = _profit(lines, period)
    return here, ratio_of(total, revenue)


def _costed(lines: ibis.Table, period: Period) -> tuple[ibis.Table, Value]:
    def value(frame: pd.DataFrame) -> float | None:
        amounts = frame["net_revenue"].map(abs)
        return estimates.ratio(sum(amounts[frame["cost"].notna()], Decimal(0)), sum(amounts, Decimal(0)))

    return _all(lines, period), value


LINES: Mapping[str, Callable[[ibis.Table, Period], tuple[ibis.Table, Value]]] = {
    "revenue": _summed,
    "revenue_per_working_day": _summed,
    "orders": _orders,
    "aov": _order_value,
    "median_order": _median_order,
    "customers": _customers,
    "new_customers": _fresh,
    "returning_customers": _returning,
    "orders_per_customer": _frequency,
    "repeat_rate": _repeat,
    "return_rate": _returned,
    "discount_rate": _discounted,
    "concentration": identified,
    "identified_share": _known,
    "gross_profit": _profit,
    "margin_rate": _margin_rate,
    "cost_coverage": _costed,
}
