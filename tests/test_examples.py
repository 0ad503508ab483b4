"""The examples: their data are the originals, every cent is accounted for, and they publish."""

import csv
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import perfkit as pk
from perfkit import cli

EXAMPLES = Path(__file__).parents[1] / "examples"


def perfkit(*arguments):
    result = CliRunner().invoke(cli.app, [str(each) for each in arguments], prog_name="perfkit")
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def online_retail(tmp_path_factory, shared_data):
    """The example, loaded: its data lie outside the repository, and so does its snapshot."""
    folder = tmp_path_factory.mktemp("examples") / "online-retail"
    shutil.copytree(EXAMPLES / "online-retail", folder, ignore=shutil.ignore_patterns("snapshots", "reports"))
    return pk.load(folder, exports=shared_data / "online_retail")


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory):
    """The example, loaded."""
    folder = tmp_path_factory.mktemp("examples") / "cdnow"
    shutil.copytree(EXAMPLES / "cdnow", folder, ignore=shutil.ignore_patterns("snapshots", "reports"))
    return pk.load(folder)


# ---- CDNOW


def test_cdnow_is_the_authors_file_row_by_row(shared_data):
    original = (shared_data / "cdnow" / "CDNOW_master.txt").read_text(encoding="ascii").splitlines()[1:]
    rows = [line.split() for line in original]
    with (EXAMPLES / "cdnow" / "exports" / "cdnow.csv").open(encoding="ascii", newline="") as export:
        shipped = list(csv.reader(export))
    assert shipped[0] == ["customer_id", "date", "cds", "dollars"]
    assert [[customer, day.replace("-", ""), cds, dollars] for customer, day, cds, dollars in shipped[1:]] == rows


def test_cdnow_is_small_enough_to_travel_with_the_package():
    assert (EXAMPLES / "cdnow" / "exports" / "cdnow.csv").stat().st_size < 2_000_000


def test_every_dollar_of_cdnow_is_read(cdnow):
    sales = cdnow.table("sales")
    assert sums(sales) == (69_659, Decimal("2500315.63"))
    assert sales.customer_id.nunique().to_pyarrow().as_py() == 23_570
    assert sales.order_id.nunique().to_pyarrow().as_py() == 67_591
    assert sales.customer_id.min().to_pyarrow().as_py() == "00001"


@pytest.mark.slow  # the wheel publishes the demo in two languages
def test_cdnow_publishes(cdnow):
    perfkit("run", "commercial_audit", cdnow.path, "--period", "1998-Q2", "--language", "en")
    page = published(cdnow.path, "1998-Q2", "en")
    assert re.search('<html[^>]* lang="en"', page) and "Revenue" in page


# ---- Online Retail


def test_every_pound_of_online_retail_is_accounted_for(online_retail):
    parts = online_retail.reconciliation().rows.query("table == 'sales'").groupby("part")[["lines", "money"]].sum()
    assert tuple(parts.loc["read"]) == (541_909, Decimal("9747747.934"))
    assert tuple(parts.drop(index="read").sum()) == tuple(parts.loc["read"])
    assert sums(online_retail.table("sales")) == (537_010, Decimal("9723912.693"))


def test_customers_keep_their_number_and_cancellations_stay_in(online_retail):
    sales = online_retail.table("sales")
    assert sales.customer_id.length().max().to_pyarrow().as_py() == 5
    assert sums(sales.filter(sales.order_id.startswith("C"))) == (9_021, Decimal("-624244.86"))
    assert sums(sales.filter(sales.customer_id.isnull())) == (131_692, Decimal("1495676.05"))


def test_the_readme_of_online_retail_says_what_the_load_counted(online_retail):
    rules = online_retail.snapshot.report["tables"]["sales"]["excluded"]["rules"]
    counted = [(rule["rows"], Decimal(rule["sums"]["net_revenue"])) for rule in rules]
    readme = (EXAMPLES / "online-retail" / "README.md").read_text(encoding="utf-8")
    written = re.findall(r"^\|[^|]*\| \**([\d,]+)\** \| \**(-?[\d,.]+)\** \|", readme, flags=re.MULTILINE)
    *said, accepted, read = [(int(rows.replace(",", "")), Decimal(pounds.replace(",", ""))) for rows, pounds in written]
    assert said == counted
    assert accepted == (537_010, Decimal("9723912.693")) and read == (541_909, Decimal("9747747.934"))


def test_online_retail_publishes_in_french(online_retail, shared_data):
    perfkit(
        "run", "commercial_audit", online_retail.path, "--period", "2011-11", "--language", "fr",
        "--exports", shared_data / "online_retail",
    )  # fmt: skip
    assert 'lang="fr"' in published(online_retail.path, "2011-11", "fr")


# ---- AdventureWorks


@pytest.fixture(scope="module")
def adventureworks(tmp_path_factory, shared_data):
    """The example, loaded: its data lie outside the repository, and so does its snapshot."""
    folder = tmp_path_factory.mktemp("examples") / "adventureworks"
    shutil.copytree(EXAMPLES / "adventureworks", folder, ignore=shutil.ignore_patterns("snapshots", "reports"))
    return pk.load(folder, exports=shared_data / "adventureworks")


@pytest.fixture(scope="module")
def bicycles(shared_data):
    """Both channels' lines in one frame, computed without perfkit: every text as it stands, money as Decimal."""
    folder = shared_data / "adventureworks"
    frames = []
    for channel, file, customer, quantity in (
        ("Resellers", "reseller_sales.csv", "ResellerKey", "Quantity"),
        ("Internet", "internet_sales.csv", "CustomerKey", "OrderQuantity"),
    ):
        raw = pd.read_csv(folder / file, dtype=str, keep_default_na=False)
        frames.append(
            pd.DataFrame(
                {
                    "channel": channel,
                    "date": pd.to_datetime(raw["OrderDate"]),
                    "order_id": raw["SalesOrderNumber"],
                    "customer_id": raw[customer],
                    "key": raw["ProductKey"],
                    "quantity": raw[quantity].map(Decimal),
                    "net_revenue": raw["SalesAmount"].map(Decimal),
                    "cost": raw["TotalProductCost"].map(Decimal),
                }
            )
        )
    products = pd.read_csv(folder / "products.csv", dtype=str, keep_default_na=False)
    beside = products.set_index("ProductKey")[["Product", "EnglishProductCategoryName"]]
    return pd.concat(frames, ignore_index=True).join(beside, on="key")


MONEY = ["net_revenue", "cost", "quantity"]


def test_adventureworks_is_read_to_the_cent_channel_by_channel(adventureworks, bicycles):
    sales = adventureworks.frame("sales")
    found = sales.groupby("channel")[MONEY].sum()
    expected = bicycles.groupby("channel")[MONEY].sum()
    assert found.to_dict() == expected.to_dict()
    assert (len(sales), sum(sales["net_revenue"])) == (118_249, Decimal("106907247.4207"))


def test_adventureworks_adds_up_by_month_and_by_category(adventureworks, bicycles):
    lines = adventureworks.lines()
    by_category = lines.group_by("category").agg(money=lines.net_revenue.sum()).to_pandas()
    expected = bicycles.groupby("EnglishProductCategoryName")["net_revenue"].sum()
    assert dict(zip(by_category["category"], by_category["money"], strict=True)) == expected.to_dict()
    by_month = lines.group_by(month=lines.date.truncate("M")).agg(money=lines.net_revenue.sum()).to_pandas()
    expected = bicycles.groupby(bicycles["date"].dt.to_period("M").dt.start_time)["net_revenue"].sum()
    assert dict(zip(by_month["month"].dt.as_unit("ns"), by_month["money"], strict=True)) == expected.to_dict()


def test_a_product_of_adventureworks_keeps_its_key_when_its_price_changes(adventureworks, bicycles):
    sales = adventureworks.frame("sales")
    names = adventureworks.frame("products").set_index("product_id")["name"]
    assert sales["product_id"].nunique() == bicycles["Product"].nunique() == 266
    found = sales.groupby(sales["product_id"].map(names))["net_revenue"].sum()
    assert found.to_dict() == bicycles.groupby("Product")["net_revenue"].sum().to_dict()


def test_targets_of_managers_of_adventureworks_are_not_added_to_their_teams(adventureworks, shared_data):
    targets = adventureworks.targets()
    assert targets["dimension"].value_counts().to_dict() == {"rep_id": 641, "channel": 54}
    raw = pd.read_csv(shared_data / "adventureworks" / "monthly_targets.csv", dtype=str)
    director = raw[raw["EmployeeID"] == "112432117"]["TargetAmount"].map(Decimal)
    assert sum(targets.loc[targets["dimension"] == "channel", "value"]) == sum(director)
    reps = set(adventureworks.frame("reps").query("title == 'Sales Representative'")["rep_id"])
    assert set(targets.loc[targets["dimension"] == "rep_id", "member"]) == reps
    assert reps <= set(adventureworks.frame("sales")["rep_id"].dropna())


def test_the_readme_of_adventureworks_says_what_the_files_hold(adventureworks, bicycles):
    readme = (EXAMPLES / "adventureworks" / "README.md").read_text(encoding="utf-8")
    resellers = bicycles[bicycles["channel"] == "Resellers"]
    late = bicycles[bicycles["date"] > pd.Timestamp(adventureworks.observed_until)]
    web = bicycles[bicycles["channel"] == "Internet"]
    bought = web.groupby((web["date"] + pd.DateOffset(months=6)).dt.year)["customer_id"].agg(set)
    said = [
        f"{len(bicycles):,} lines",
        f"{sum(bicycles['net_revenue']):,} USD",
        f"{len(late):,} lines of the web shop alone ({sum(late['net_revenue']):,} USD)",
        f"({sum(resellers['net_revenue']):,} USD sold for a cost of {sum(resellers['cost']):,})",
        f"{1 - float(sum(resellers['cost']) / sum(resellers['net_revenue'])):.1%} over all years",
        f"Of the {len(bought[2018]):,} of FY2018 not one bought in FY2019; of the {len(bought[2019]):,} of FY2019,",
        f"{len(bought[2019] & bought[2020]):,} bought in FY2020",
    ]
    flat = " ".join(readme.split())
    assert not [each for each in said if each not in flat] and not bought[2018] & bought[2019]


def test_a_year_of_adventureworks_publishes(adventureworks, bicycles, shared_data):
    year = bicycles[(bicycles["date"] >= "2018-07-01") & (bicycles["date"] < "2019-07-01")]
    perfkit(
        "run", "commercial_audit", adventureworks.path, "--period", "FY2019", "--language", "en",
        "--exports", shared_data / "adventureworks",
    )  # fmt: skip
    assert 'lang="en"' in published(adventureworks.path, "FY2019", "en")
    current = adventureworks.path / "reports" / "FY2019" / "commercial_audit.en" / "current"
    figures = pd.read_parquet(current / "figures.parquet").drop_duplicates("figure_id").set_index("figure_id")
    assert Decimal(figures.loc["scorecard:FY2019:revenue", "exact"]) == sum(year["net_revenue"])
    assert Decimal(figures.loc["scorecard:FY2019:gross_profit", "exact"]) == sum(year["net_revenue"] - year["cost"])
    assert figures.loc["scorecard:FY2019:orders", "estimate"] == year["order_id"].nunique()
    assert figures.loc["scorecard:FY2019:customers", "estimate"] == year["customer_id"].nunique()


def sums(sales):
    found = sales.agg(lines=sales.count(), money=sales.net_revenue.sum()).to_pyarrow().to_pylist()[0]
    return found["lines"], found["money"]


def published(company, period, language):
    return (company / "reports" / period / f"commercial_audit.{language}" / "current" / "report.html").read_text()
