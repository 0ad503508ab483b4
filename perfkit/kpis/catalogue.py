"""The catalogue: what does each figure mean, and which columns does it need?

The scorecard, the targets and the page of definitions all stand on it.
"""

from contextvars import copy_context
from dataclasses import dataclass

from perfkit.errors import ParameterError, unknown
from perfkit.languages import LANGUAGES, mark, text, use

REPEAT_DAYS = 90
LARGEST = 10


@dataclass(frozen=True)
class KPI:
    """One figure of the scorecard.

    Attributes
    ----------
    id : str
        As targets and figures name it.
    name, basis : str
        Message ids: what it is called; numerator, denominator, population and date.
    unit : str
        "money" (the company's currency), "count", "ratio" or "share".
    direction : int
        +1 where more is better, -1 where less is, 0 where neither.
    needs : tuple of str
        Columns of the lines beyond date and net_revenue.
    additive : bool
        A period's value is the sum of its months', so its targets are too.
    decimals : int or None
        Decimals shown; None leaves it to the unit.
    """

    id: str
    name: str
    unit: str
    direction: int
    basis: str
    needs: tuple[str, ...] = ()
    additive: bool = False
    decimals: int | None = None

    def unit_in(self, currency: str) -> str:
        """Return the unit as results show it: money becomes the currency."""
        return currency if self.unit == "money" else self.unit


_KPIS = (
    KPI(
        "revenue",
        mark("Net revenue"),
        "money",
        1,
        mark("Sum of net revenue of all lines dated in the period, returns and credit notes deducted, net of tax"),
        additive=True,
    ),
    KPI(
        "revenue_per_working_day",
        mark("Net revenue per working day"),
        "money",
        1,
        mark("Net revenue of the period / its working days in the company's calendar"),
    ),
    KPI(
        "orders",
        mark("Orders"),
        "count",
        1,
        mark("Order numbers of one customer each, with at least one line of positive revenue in the period"),
        ("order_id",),
        additive=True,
    ),
    KPI(
        "aov",
        mark("Average order value"),
        "money",
        1,
        mark("Net revenue of lines with an order number / orders of the period"),
        ("order_id",),
        decimals=2,
    ),
    KPI(
        "median_order",
        mark("Median order"),
        "money",
        1,
        mark("Half of the period's orders are worth more: net revenue of each order's lines in the period"),
        ("order_id",),
        decimals=2,
    ),
    KPI(
        "customers",
        mark("Active customers"),
        "count",
        1,
        mark("Identified customers with at least one line of positive revenue in the period"),
        ("customer_id",),
    ),
    KPI(
        "new_customers",
        mark("New customers"),
        "count",
        1,
        mark("Active customers whose first purchase in the data lies in the period"),
        ("customer_id",),
        additive=True,
    ),
    KPI(
        "returning_customers",
        mark("Returning customers"),
        "count",
        1,
        mark("Active customers less new customers"),
        ("customer_id",),
    ),
    KPI(
        "orders_per_customer",
        mark("Orders per customer"),
        "ratio",
        1,
        mark("Orders of identified customers in the period / active customers of the period"),
        ("customer_id", "order_id"),
    ),
    KPI(
        "repeat_rate",
        mark("Repeat rate within 90 days"),
        "share",
        1,
        mark(
            "Customers who bought again on another day within 90 days of their first purchase / customers whose "
            "first purchase lies in the 12 months that end 90 days before the end of the period"
        ),
        ("customer_id",),
    ),
    KPI(
        "return_rate",
        mark("Return rate"),
        "share",
        -1,
        mark("Negative lines booked in the period, sign reversed / positive lines of the period"),
    ),
    KPI(
        "discount_rate",
        mark("Discount rate"),
        "share",
        -1,
        mark("List price less net revenue / list price, over the lines whose list price is known and positive"),
        ("list_revenue",),
    ),
    KPI(
        "concentration",
        mark("Share of the ten largest customers"),
        "share",
        -1,
        mark("Net revenue of the ten largest customers of the period / net revenue of all identified customers"),
        ("customer_id",),
    ),
    KPI(
        "identified_share",
        mark("Revenue of identified customers"),
        "share",
        1,
        mark("Net revenue of lines with a customer / net revenue of the period"),
        ("customer_id",),
    ),
    KPI(
        "gross_profit",
        mark("Gross profit"),
        "money",
        1,
        mark("Net revenue less cost of goods sold, over the lines whose cost is known"),
        ("cost",),
        additive=True,
    ),
    KPI(
        "margin_rate",
        mark("Gross margin rate"),
        "share",
        1,
        mark("Gross profit / net revenue of the lines whose cost is known"),
        ("cost",),
    ),
    KPI(
        "cost_coverage",
        mark("Amounts with a known cost"),
        "share",
        1,
        mark("Amounts, signs ignored, of the lines whose cost is known / amounts of all lines of the period"),
        ("cost",),
    ),
)
CATALOGUE: dict[str, KPI] = {kpi.id: kpi for kpi in _KPIS}
"""Every KPI by its id, in the order of the scorecard."""


def kpi(name: str) -> KPI:
    """Return a KPI of the catalogue.

    Raises
    ------
    ParameterError
        If there is none of that id; the nearest is named.
    """
    if name not in CATALOGUE:
        raise ParameterError(f"targets: {unknown('KPI', name, CATALOGUE, _titles())}")
    return CATALOGUE[name]


def _titles() -> dict[str, str]:
    """The KPIs' ids by what reports call them in each language, what stands in brackets left out too."""
    titled = {
        title: each.id for code in LANGUAGES for each in _KPIS for title in [copy_context().run(_in, code, each.name)]
    }
    return {title.partition(" (")[0]: id_ for title, id_ in titled.items()} | titled


def _in(code: str, message: str) -> str:
    use(code)
    return text(message)
