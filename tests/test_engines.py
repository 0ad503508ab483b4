"""Every aggregation compiles for DuckDB, Postgres and Spark, and DuckDB runs it.

The aggregations are those that the analyses register when they are imported; a second test sees to it that
nothing in the package runs an expression in another way.
"""

import ast
import importlib
import pkgutil
from decimal import Decimal
from pathlib import Path

import ibis
import pandas as pd
import pytest

from perfkit import aggregations, contribution, customers, improve, kpis, margins, months, periods, questions
from perfkit.kpis import chance
from perfkit.lines import checked

ENGINES = ("duckdb", "postgres", "pyspark")
PERIOD = periods.parse("2024-01")
BOUGHT_WITH = {"order_id": "o1", "customer_id": "a", "product_id": "p", "product_name": "Lamp", "customer_name": "Ann"}
LEDGER = [
    ("VE", "1", "2024-01-05", "o1", "Facture", "411", 20, 0),
    ("VE", "1", "2024-01-05", "o1", "Facture", "707", 0, 20),
    ("OD", "2", "2024-01-31", None, "FAE", "418", 5, 0),
    ("OD", "2", "2024-01-31", None, "FAE", "707", 0, 5),
]


BOOKED = [
    (PERIOD.start, 4, "freight", "cm1", "web", None, "orders"),
    (PERIOD.start, 3, "calls", "cm2", None, None, "visits"),
    (PERIOD.start, 2, "rebate", "cm2", None, "a", None),
    (PERIOD.start, 9, "rent", "fixed", None, None, None),
]


class SparkOptions(ibis.config.Config):
    """What Ibis sets when pyspark is there; to compile for Spark, pyspark itself is not needed."""

    treat_nan_as_null: bool = False


for package in (customers, kpis, margins):
    for module in pkgutil.iter_modules(package.__path__):  # one that nobody imports yet is an analysis too
        importlib.import_module(f"{package.__name__}.{module.name}")


@pytest.fixture(scope="module")
def asked() -> dict[str, list[ibis.Table]]:
    """Every expression that the analyses ask of an engine, by the name of its aggregation."""
    lines = pd.DataFrame(
        {
            "date": pd.to_datetime(["2022-01-05", "2023-01-05", "2024-01-05", "2024-01-06"]),
            "net_revenue": [5, 10, 20, -2],
            "quantity": [1, 1, 2, -1],
            "unit_cost": [1.5, 1.5, 1.5, 1.5],
            "country": ["fr", "fr", None, "de"],
            "list_revenue": [6, 12, 20, -2],
            **{name: [value] * 4 for name, value in BOUGHT_WITH.items()},
        }
    )
    table = checked(lines)
    expressions: dict[str, list[ibis.Table]] = {}
    run = aggregations.fetch

    def noted(name: str, expression: ibis.Table) -> pd.DataFrame:
        expressions.setdefault(name, []).append(expression)
        return run(name, expression)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aggregations, "fetch", noted)
        options = {"period": PERIOD, "currency": "EUR"}
        for columns in (table.columns, ("date", "net_revenue"), ("date", "net_revenue", "customer_id")):
            some = table.select(*columns)
            improve.findings(
                kpis.scorecard(some, **options),
                kpis.trend(some, **options),
                kpis.breakdown(some, by="product_id", **options),
                kpis.movers(some, by="customer_id", **options),
                kpis.concentration(some, **options),
                kpis.revenue_tree(some, **options),
            )
            for by in ("product_id", "country", "customer_id"):
                kpis.trend_by(some, by=by, most=1, **options)
            kpis.year_to_date(some, **options)
            kpis.revenue_walk(some, **options)
        kpis.scorecard(table.mutate(months_without_lines=ibis.literal("")), **options)
        bought = table.mutate(currency=ibis.literal("EUR"), channel=ibis.literal("web"))
        abroad = bought.mutate(currency=ibis.cases((bought.net_revenue == 20, "GBP"), else_="EUR"))
        rates = pd.DataFrame({"date": [PERIOD.start], "currency": "GBP", "rate": 1.2})
        bridged = {"base": PERIOD.year_before(), "current": PERIOD, "currency": "EUR", "margin": True, "least": 0}
        for base_sales in (None, abroad):
            margins.bridge.price_volume_mix(
                abroad, key=["country", "product_id"], symmetric=True, fx=rates, base_sales=base_sales,
                also=["order_id"], **bridged,
            )  # fmt: skip
        booked = pd.DataFrame(BOOKED, columns=["period", "amount", "kind", "level", "channel", "customer_id", "driver"])
        paid = pd.DataFrame({"date": [PERIOD.start], "channel": ["search"], "amount": [3], "kind": ["media"]})
        costs = contribution.costs(booked, paid)
        visits = pd.DataFrame({"driver": ["visits"], "date": [PERIOD.start], "customer_id": ["a"], "units": [2]})
        margins.profitability.by(bought, dimensions=["customer_id", "channel"], costs=costs, drivers=visits, **options)
        margins.profitability.whale_curve(bought, costs=costs, previous=PERIOD.year_before(), **options)
        margins.profitability.differences(bought, by="customer_id", cluster="order_id", period=PERIOD)
        ledger = pd.DataFrame(
            LEDGER, columns=["journal", "entry_id", "date", "piece", "label", "account", "debit", "credit"]
        )
        bare = ledger.drop(columns=["piece", "label"])
        for reference in (None, *margins.ledger.REFERENCES):
            margins.ledger.tie(lines, ledger, reference=reference, **options)
        aside = lines.assign(currency="USD", lines=1, abroad=[True, False] * 2)  # the others could not be read
        margins.ledger.tie(lines, ledger, reference="piece", set_aside=aside, **options)
        margins.ledger.tie(lines.drop(columns="order_id"), bare, **options)
        months.days_sold(table, months.FIRST_DAYS)
        margins.statement.statement(bought, costs, ledger=ledger, **options)
        discounted = bought.mutate(discount=bought.list_revenue - bought.net_revenue, rep_id=ibis.literal("r"))
        margins.prices.waterfall(discounted, costs, by="channel", previous=PERIOD.year_before(), **options)
        for by in ("customer_id", "rep_id"):
            margins.prices.discount_dispersion(discounted, by=by, within="channel", **options)
            asked_of = margins.prices.peers.Asked(by, "channel", PERIOD)
            margins.prices.peers.against_peers(discounted, asked_of, (Decimal(5), Decimal(9)))
        for merge, some in (("day", table), ("week", table.select("date", "net_revenue", "customer_id"))):
            customers.clv.summarise(some, observed_until=PERIOD.last_day, merge=merge)
        old = bought.mutate(acquired_on=ibis.date("2022-01-05"), acquisition_channel=ibis.literal("search"))
        customers.clv.summarise(old, observed_until=PERIOD.last_day, keep=["acquisition_channel"])
        patch.setattr(customers.clv.summaries, "_AT_ONCE", 1)
        customers.clv.summarise(old, observed_until=PERIOD.last_day)
        followed = {"observed_until": "2024-03", "acquired_from": "2022-01-01"}
        customers.cohorts.build(table.select("date", "net_revenue", "customer_id"), observed_until="2024-03")
        customers.cohorts.build(old, by="year", split="first_product", value="revenue", observed_until="2024-03")
        for by in ("month", "quarter"):
            built = customers.cohorts.build(old, by=by, split="acquisition_channel", **followed)
            customers.cohorts.payback(built, paid)
        for some, since in ((old, "2023-01"), (table.select("date", "net_revenue", "customer_id"), None)):
            customers.segments.rfm(some, as_of="2024-01", since=since)
        for since in (None, "2022-01-01"):
            customers.clv.tracking(table, observed_until="2024-01", horizon=40, acquired_from=since)
        ended = pd.DataFrame({"subscription_id": "s", "started_on": [PERIOD.start], "ended_on": [PERIOD.last_day]})
        for by in ("month", "quarter", "year"):
            customers.contracts.survivors_of(ended, observed_until="2024-12", renews="month", by=by)
        customers.worth.base(old, until=PERIOD.last_day, data_from=PERIOD.start.replace(year=2022, day=6))
        customers.worth.base(old, until=PERIOD.last_day, data_from=PERIOD.start.replace(year=2022))
        plan = {"kpi": "revenue", "period": PERIOD.start, "value": 1, "dimension": "channel", "member": "web"}
        questions.carried(
            table.mutate(channel=ibis.literal("web")),
            targets=pd.DataFrame([plan]),
            books=ibis.memtable(ledger.assign(date=pd.to_datetime(ledger["date"]))),
            observed_until=PERIOD.last_day,
        )
    return expressions


def test_every_registered_aggregation_is_asked(asked):
    assert set(asked) == set(aggregations.AGGREGATIONS)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", sorted(aggregations.AGGREGATIONS))
def test_every_aggregation_compiles(asked, name, engine, monkeypatch):
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())
    for expression in asked[name]:
        assert "SELECT" in ibis.to_sql(expression, dialect=engine)


def test_nothing_else_runs_an_expression():
    """An analysis that called the engine on its own would escape the test above."""
    running = {
        "execute",
        "to_pandas",
        "to_pyarrow",
        "to_pyarrow_batches",
        "to_polars",
        "to_parquet",
        "to_csv",
        "raw_sql",
    }
    root = Path(kpis.__file__).parents[1]
    strays = [
        f"{path.relative_to(root)}:{node.lineno} {node.attr}"
        for folder in ("customers", "kpis", "margins", "improve", "charts")
        for path in sorted((root / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in running
    ]
    assert not strays, strays


def test_an_engine_makes_the_decimals_that_an_expression_says(asked):
    """Ibis takes a product of decimals for one of theirs and drops a cast to that; the engine's has twice as many."""
    compared = 0
    for name, expressions in asked.items():
        for expression in expressions:
            backend = expression._find_backend(use_default=True)
            backend._run_pre_execute_hooks(expression)  # its tables in memory become the engine's
            made = backend.con.sql(backend.compile(expression)).types
            for (column, said), found in zip(expression.schema().items(), made, strict=True):
                if said.is_decimal():
                    assert str(found) == f"DECIMAL({said.precision},{said.scale})", f"{name}.{column}"
                    compared += 1
    assert compared


def test_sums_of_money_stay_decimal_in_every_expression(asked):
    """A float on the way would lose a cent somewhere in ten million lines."""
    floats = {
        f"{name}.{column}"
        for name, expressions in asked.items()
        for expression in expressions
        for column, of_type in expression.schema().items()
        if of_type.is_floating()
    }
    assert floats == {
        "perfkit.kpis.sums.order_values.now_median",
        "perfkit.kpis.sums.order_values.before_median",
        *(
            f"perfkit.kpis.chance._spread.{kpi}_{name}"
            for kpi in chance.OF_CUSTOMERS
            for name in ("now", "before", "squares", "fourths")
        ),
        *(f"perfkit.kpis.members.return_events.{name}" for name in ("returns_squared", "largest_return")),
        *(f"perfkit.margins.profitability.members._sums.{name}" for name in ("rr", "pr", "pp")),
        *(f"perfkit.customers.cohorts.activity.activity.{name}" for name in ("squares", "cubes")),
        *(
            f"perfkit.margins.prices.peers.against_peers.{name}"
            for name in ("expected", "of_peers", "unit_list", "unit_gap", "rr", "pr", "pp", "line_squares")
        ),
    }
