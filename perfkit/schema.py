"""The canonical tables: every column, its type, its unit, and the question that needs it.

Amounts are line totals, net of tax, in the company's currency; returns and credits are negative, and
`document` never changes a sign; revenue is sum(net_revenue). Ids are text. A missing key stays NULL.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import ibis
import pandas as pd
import pyarrow as pa

from perfkit.errors import DataError, ParameterError, unknown
from perfkit.languages import mark

VERSION = 1
"""Version of the rules below; a snapshot of another version is refused."""

DATA_FROM = "data_from"
"""Column of lines that are a part of others: the first day of all of them, so that a part which starts later
(a segment that is new) is not taken for data that start later."""
WITHOUT_LINES = "months_without_lines"
"""Column of lines that are a part of others: the months in which none of all of them is dated, as "2026-01 2026-03", so
that a month in which only the part sold nothing is not taken for a missing export."""
STARTS_LATE = "data_start_late"
"""Column of lines whose first month misses days of sales, though they may pass for a holiday (see
`periods.starts_late`)."""
FIRST_BOUGHT = "customer_first_bought"
"""Column of lines that are a part of others, and hold a part of what a customer bought: on which day the customer first
bought in all of them, so that who is new to the part is not taken for a new customer."""

Type = Literal["id", "text", "date", "timestamp", "money", "quantity", "share", "number", "integer", "boolean"]

STORAGE: dict[str, str] = {
    "id": "string",
    "text": "string",
    "date": "date",
    "timestamp": "timestamp(6)",
    "money": "decimal(18, 4)",
    "quantity": "decimal(18, 4)",
    "share": "float64",
    "number": "float64",
    "integer": "int64",
    "boolean": "boolean",
}
"""The Ibis type in which each type of column is stored."""


@dataclass(frozen=True)
class Column:
    """One column: what it holds and why it is asked for.

    Attributes
    ----------
    name : str
    type : str
        One of the keys of `STORAGE`.
    why : str
        The reason it is needed, a sentence that ends an error message or a request to a client.
    unit : str or None
        Unit or meaning of the values.
    required : bool
        A row without it is quarantined; a table without it is refused.
    one_of : tuple of str
        The only values allowed, where there are such.
    """

    name: str
    type: Type
    why: str
    unit: str | None = None
    required: bool = False
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One canonical table.

    Attributes
    ----------
    name : str
    row : str
        What one row is.
    columns : tuple of Column
    key : tuple of str
        Columns that no two rows share; empty where rows have no key.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns without which the table is refused."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all its canonical columns."""
        return tuple(column.name for column in self.columns)

    @property
    def money(self) -> str | None:
        """The column whose sum ties the table to its source: the first of money; None where there is none."""
        return next((column.name for column in self.columns if column.type == "money"), None)

    def column(self, name: str) -> Column:
        """Return a column by name.

        Raises
        ------
        ParameterError
            If the table has none of that name; the nearest is named.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise ParameterError(f"{self.name}: {unknown('column', name, self.names)}")

    def table(self, data: ibis.Table | pd.DataFrame, *columns: str) -> ibis.Table:
        """Return the data as an Ibis table that has the required columns and the ones named.

        Parameters
        ----------
        data : Table or DataFrame
            A DataFrame is wrapped, its canonical columns cast to their storage types.
        *columns : str
            Further columns that the caller needs; those of the schema bring their reason along.

        Raises
        ------
        DataError
            If a column is absent: which, and why it is needed.
        """
        table = data if isinstance(data, ibis.Table) else ibis.memtable(_typed(data, self))
        for name in dict.fromkeys((*self.required, *columns)):
            if name not in table.columns:
                why = next((column.why for column in self.columns if column.name == name), "The analysis asks for it.")
                raise DataError(f"{self.name}: {unknown('column', name, table.columns)} {why}")
        return table


def _typed(data: pd.DataFrame, table: Table) -> pa.Table:
    """Give a DataFrame's canonical columns the storage types, exactly: money by way of its decimal text."""
    kinds = {column.name: column.type for column in table.columns}
    return pa.table({str(name): _stored(values, kinds.get(str(name))) for name, values in data.items()})


def _stored(values: "pd.Series[Any]", kind: Type | None) -> pa.Array:
    stored: dict[Type, tuple[pa.DataType, Callable[[Any], object]]] = {
        "money": (pa.decimal128(18, 4), lambda value: Decimal(str(value)).quantize(Decimal("0.0001"))),
        "quantity": (pa.decimal128(18, 4), lambda value: Decimal(str(value)).quantize(Decimal("0.0001"))),
        "id": (pa.string(), _as_written),
        "text": (pa.string(), str),
        "date": (pa.date32(), lambda value: pd.Timestamp(value).date()),
    }
    if kind not in stored:
        return pa.Array.from_pandas(values)
    arrow, convert = stored[kind]
    return pa.array([None if pd.isna(value) else convert(value) for value in values], type=arrow)


def _as_written(value: Any) -> str:
    """Return an id as text: pandas makes 12 of a column that has a gap into 12.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _id(name: str, why: str, required: bool = False) -> Column:
    return Column(name, "id", why, required=required)


def _day(name: str, why: str, required: bool = False) -> Column:
    return Column(name, "date", why, unit="day", required=required)


def _money(name: str, why: str, required: bool = False) -> Column:
    return Column(name, "money", why, unit="company currency, net of tax", required=required)


def _entry(name: str, why: str) -> Column:
    return Column(name, "money", why, unit="company currency")


SALES = Table(
    mark("sales"),
    "one document line",
    (
        _id("order_id", "Orders, average order value and repeat rate count documents."),
        _day("date", "Every figure belongs to a period: the day the revenue counts, as the company declares.", True),
        _id("customer_id", "Customers, retention, concentration and lifetime value are counted by customer."),
        _id("product_id", "Revenue and margin by product, and price effects, need to know what was sold."),
        Column("quantity", "quantity", "Prices and volumes are told apart by the units sold.", unit="units"),
        _money("net_revenue", "Revenue is its sum: after discounts and returns, net of tax.", True),
        Column(
            "document",
            "text",
            "It tells deliveries, invoices and credit notes apart; it never changes a sign.",
            one_of=("order", "delivery", "invoice", "credit"),
        ),
        _id("origin_id", "A return is set against the order it refunds."),
        _day("ordered_at", "Bookings and backlog are counted on the day of the order."),
        _day("delivered_at", "Cut-off compares delivery and invoice."),
        _day("invoiced_at", "Invoiced revenue ties to the ledger by invoice date."),
        _money("list_revenue", "The discount is list revenue less net revenue."),
        _money("discount", "It says how much of the list price was given away."),
        _money("cost", "Gross margin is net revenue less the cost of the goods sold."),
        Column("channel", "text", "Revenue and margin by sales channel need it."),
        _id("rep_id", "Results by sales representative need it."),
        _id("store_id", "Results by store need it."),
        Column("currency", "text", "Amounts in other currencies are never added to the company's.", unit="ISO 4217"),
        Column("unit", "text", "Volumes in different units of measure are never added.", unit="unit of measure"),
    ),
)
CUSTOMERS = Table(
    mark("customers"),
    "one customer",
    (
        _id("customer_id", "It joins customers to their sales.", True),
        Column("name", "text", "Reports name the customers that moved most."),
        Column("segment", "text", "Profitability by customer segment needs it."),
        Column("country", "text", "Results by market need it."),
        _day("acquired_on", "Without it the first order in the data stands for the acquisition."),
        Column("acquisition_channel", "text", "Lifetime value is set against acquisition cost by channel."),
        _id("referred_by", "Referrals are counted from it."),
    ),
    key=("customer_id",),
)
PRODUCTS = Table(
    mark("products"),
    "one product",
    (
        _id("product_id", "It joins products to their sales.", True),
        Column("name", "text", "Reports name the products that moved most."),
        Column("category", "text", "Results by product family need it."),
        Column("tier", "text", "Up-selling is a move to a higher tier."),
        Column("unit", "text", "Volumes in different units of measure are never added.", unit="unit of measure"),
        _money("unit_cost", "Where sales carry no cost, margin uses quantity times unit cost."),
    ),
    key=("product_id",),
)
COSTS = Table(
    mark("costs"),
    "one cost of a period",
    (
        _day("period", "A cost is set against the revenue of its period: any day of the month.", True),
        _money("amount", "Contribution margins are revenue less these costs.", True),
        Column("kind", "text", "The statement names each cost line.", required=True),
        Column(
            "level",
            "text",
            "Each cost belongs to exactly one margin level.",
            required=True,
            one_of=("cogs", "cm1", "cm2", "cm3", "fixed"),
        ),
        _id("customer_id", "Cost to serve by customer needs it."),
        Column("channel", "text", "Channel costs are set against the channel's revenue."),
        Column("driver", "text", "A driver (orders, deliveries, visits, returns) spreads the cost."),
    ),
)
SPEND = Table(
    mark("spend"),
    "one day's or campaign's spend in a channel",
    (
        _day("date", "Spend is set against what it brought in the same period.", True),
        Column("channel", "text", "Return on investment is computed by channel.", required=True),
        _money("amount", "Return on investment divides by it.", True),
        Column("kind", "text", "Media, agencies, tools and salaries are told apart in acquisition cost."),
    ),
)
SESSIONS = Table(
    mark("sessions"),
    "one day's visits of a channel",
    (
        _day("date", "Conversion sets visits against orders of the same period.", True),
        Column("channel", "text", "Conversion is computed by channel.", required=True),
        Column("visits", "integer", "Conversion divides by visits.", unit="web visits", required=True),
    ),
)
LEADS = Table(
    mark("leads"),
    "one lead",
    (
        _id("lead_id", "A lead is counted once.", True),
        Column("created_at", "timestamp", "Leads are followed by the month in which they came.", required=True),
        Column("channel", "text", "Leads are counted by channel."),
        Column("qualified_at", "timestamp", "The qualified share and its delay need it."),
        Column("stage", "text", "The funnel counts leads by stage."),
        Column("converted_on", "date", "Conversion needs the day of it."),
        _id("opportunity_id", "It joins a lead to the deal it became."),
    ),
    key=("lead_id",),
)
OPPORTUNITIES = Table(
    mark("opportunities"),
    "one opportunity",
    (
        _id("opportunity_id", "An opportunity is counted once.", True),
        Column("created_at", "timestamp", "Win rates follow opportunities from their creation.", required=True),
        _money("amount", "The pipeline is valued by it."),
        Column("stage", "text", "The pipeline is read by stage."),
        Column("status", "text", "Closing rates set won against lost.", required=True, one_of=("open", "won", "lost")),
        Column("closed_at", "timestamp", "Closing rates count deals in the period in which they closed."),
        _day("expected_close", "The forecast and its slippage need it."),
        _id("customer_id", "It joins the deal to the customer's sales."),
        _id("rep_id", "Closing rates by representative need it."),
        Column("channel", "text", "The pipeline by channel needs it."),
        Column("lost_reason", "text", "Reasons of loss are ranked by value."),
    ),
    key=("opportunity_id",),
)
STAGES = Table(
    mark("stages"),
    "one entry of an opportunity into a stage",
    (
        _id("opportunity_id", "It joins the stage to its opportunity.", True),
        Column("stage", "text", "Conversion from stage to stage needs it.", required=True),
        Column("entered_at", "timestamp", "Time in stage and forecasts need it.", required=True),
    ),
)
ACTIVITIES = Table(
    mark("activities"),
    "one call, visit, mail or meeting",
    (
        _id("activity_id", "An activity is counted once.", True),
        Column("kind", "text", "Calls, visits and mails are told apart.", required=True),
        Column("done_at", "timestamp", "Activities are set against results of the same period.", required=True),
        _id("opportunity_id", "Activities per win need it."),
        _id("lead_id", "Time to first contact needs it."),
        _id("rep_id", "Activity by representative needs it."),
        Column("hours", "number", "Selling time and cost of a sale need it.", unit="hours"),
        Column("automated", "boolean", "Automated mails are not selling time."),
    ),
    key=("activity_id",),
)
TOUCHES = Table(
    mark("touches"),
    "one contact of a customer or lead with a channel",
    (
        _id("customer_id", "It joins the contact to the customer; either this or lead_id."),
        _id("lead_id", "It joins the contact to the lead; either this or customer_id."),
        Column("touched_at", "timestamp", "Attribution follows the order of contacts.", required=True),
        Column("channel", "text", "Attribution shares revenue between channels.", required=True),
    ),
)
TARGETS = Table(
    mark("targets"),
    "one target of a KPI for a month",
    (
        Column("kpi", "text", "A target belongs to one KPI of the catalogue.", required=True),
        _day("period", "A target belongs to a month: any day of it.", True),
        Column("value", "quantity", "The gap to plan is actual less target.", unit="the KPI's unit", required=True),
        Column("dimension", "text", "Targets by channel, representative or product name the dimension."),
        Column("member", "text", "The member of that dimension."),
        Column("version", "text", "Revised targets are kept apart from the first ones."),
    ),
)
REPS = Table(
    mark("reps"),
    "one sales representative",
    (
        _id("rep_id", "It joins the representative to sales and deals.", True),
        Column("name", "text", "Reports may name representatives where the company allows it."),
        Column("team", "text", "Results by team need it."),
        _id("manager_id", "A manager's quota overlaps the team's and is not added."),
        _day("hired_on", "Quotas are prorated for arrivals."),
        _day("left_on", "Departures are counted from it."),
    ),
    key=("rep_id",),
)
PAY = Table(
    mark("pay"),
    "one representative's pay of a month",
    (
        _id("rep_id", "Pay is set against the representative's results.", True),
        _day("period", "Pay belongs to a month: any day of it.", True),
        _money("fixed", "The pay mix sets fixed against variable.", True),
        _money("variable_target", "The pay mix uses the variable pay at target."),
        _money("variable_paid", "The actual mix uses the variable pay paid."),
    ),
)
GOALS = Table(
    mark("goals"),
    "one goal of a representative",
    (
        _id("rep_id", "A goal belongs to a representative.", True),
        _day("period", "A goal belongs to a month: any day of it.", True),
        Column("goal", "text", "What is to be reached.", required=True),
        Column(
            "kind",
            "text",
            "Qualitative goals are weighed against quantitative ones.",
            one_of=("quantitative", "qualitative"),
        ),
        Column("weight", "share", "Its weight in the variable pay.", unit="0 to 1"),
        Column("target", "number", "Attainment divides by it."),
        Column("achieved", "number", "Attainment sets it against the target."),
    ),
)
TRAININGS = Table(
    mark("trainings"),
    "one representative's attendance of a training",
    (
        _id("rep_id", "The effect is measured on who attended.", True),
        _day("date", "Results before and after are compared.", True),
        Column("training", "text", "Trainings are told apart."),
        Column("hours", "number", "Selling time lost is part of the cost.", unit="hours"),
        _money("cost", "The return on a training divides by its cost."),
    ),
)
COACHING = Table(
    mark("coaching"),
    "one coaching session",
    (
        _id("rep_id", "Coaching is set against the representative's results.", True),
        _day("date", "Results before and after are compared.", True),
        Column("hours", "number", "Time spent is part of the cost.", unit="hours"),
        _id("coach_id", "Coaching is read by coach."),
    ),
)
SURVEYS = Table(
    mark("surveys"),
    "one answer of a customer",
    (
        _id("customer_id", "Satisfaction is set against what the customer buys."),
        _day("answered_on", "Waves of answers are compared.", True),
        Column(
            "kind", "text", "NPS, CSAT and CES are on different scales.", required=True, one_of=("nps", "csat", "ces")
        ),
        Column("score", "number", "The score of the answer.", required=True),
    ),
)
MARKET = Table(
    mark("market"),
    "one seller's, or the total's, sales of a period on the market",
    (
        _day("period", "Market share compares the same periods: any day of the month.", True),
        Column("seller", "text", "A competitor's name, or total.", required=True),
        _money("value", "Market share in value divides by the total."),
        Column("units", "quantity", "Market share in volume divides by the total.", unit="units"),
        Column("segment", "text", "Market share by segment needs it."),
    ),
)
STORE_CHECKS = Table(
    mark("store_checks"),
    "one product or category seen at one visit of a store",
    (
        _id("store_id", "Distribution counts stores.", True),
        _day("checked_on", "Visits are compared over time.", True),
        _id("product_id", "The reference seen; either this or category."),
        Column("category", "text", "The category seen; either this or product_id."),
        Column("present", "boolean", "Numeric distribution counts stores where it was present.", required=True),
        Column("facings", "integer", "Share of shelf counts facings."),
        Column("length", "number", "Share of shelf in length needs it.", unit="cm"),
        Column("display", "text", "Displays outside the shelf are counted by kind."),
    ),
)
LEDGER = Table(
    mark("ledger"),
    "one line of an accounting entry (FEC)",
    (
        Column("journal", "text", "A document is its journal and its entry number.", required=True),
        _id("entry_id", "A document is its journal and its entry number.", True),
        _day("date", "Sales are reconciled by the month of the entry.", True),
        _id("account", "Revenue stands on accounts 70*, discounts on 709.", True),
        Column("account_name", "text", "Reports name the accounts of a gap."),
        _id("auxiliary", "Customer accounts give revenue by customer."),
        Column("piece", "text", "The document's reference joins it to an invoice."),
        Column("label", "text", "Reversals and adjustments are known by it."),
        _entry("debit", "An account's movement is credit less debit; blank is zero."),
        _entry("credit", "An account's movement is credit less debit; blank is zero."),
    ),
)
FX = Table(
    mark("fx"),
    "one exchange rate of a day or month",
    (
        _day("date", "A rate is used on its day or in its month.", True),
        Column("currency", "text", "The currency that is converted.", unit="ISO 4217", required=True),
        Column("rate", "number", "Company currency for one unit of it.", required=True),
    ),
    key=("date", "currency"),
)
SUBSCRIPTIONS = Table(
    mark("subscriptions"),
    "one contract of a customer",
    (
        _id("subscription_id", "A contract is counted once.", True),
        _id("customer_id", "Retention is counted by customer.", True),
        _day("started_on", "Retention follows contracts from their start.", True),
        _day("ended_on", "Missing means still running."),
        _money("monthly_revenue", "Net and gross revenue retention weigh contracts by it.", True),
        Column("plan", "text", "Retention by plan needs it."),
    ),
    key=("subscription_id",),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        SALES, CUSTOMERS, PRODUCTS, COSTS, SPEND, SESSIONS, LEADS, OPPORTUNITIES, STAGES, ACTIVITIES, TOUCHES,
        TARGETS, REPS, PAY, GOALS, TRAININGS, COACHING, SURVEYS, MARKET, STORE_CHECKS, LEDGER, FX, SUBSCRIPTIONS,
    )
}  # fmt: skip
"""Every canonical table by its name."""


def describe(tables: Sequence[Table] = tuple(TABLES.values())) -> str:
    """Return the tables as Markdown, for the documentation: a test holds docs/tables.md to it."""
    parts = ["# The canonical tables", ""]
    for table in tables:
        key = f" Key: {', '.join(table.key)}." if table.key else ""
        parts += [
            f"## {table.name}",
            "",
            f"A row is {table.row}.{key}",
            "",
            "| column | type | unit | required | why |",
            "|---|---|---|---|---|",
        ]
        for column in table.columns:
            allowed = f" One of: {', '.join(column.one_of)}." if column.one_of else ""
            needed = "yes" if column.required else ""
            parts.append(f"| {column.name} | {column.type} | {column.unit or ''} | {needed} | {column.why}{allowed} |")
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    print(describe(), end="")
