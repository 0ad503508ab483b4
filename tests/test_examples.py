"""The examples: their data are the originals, every cent is accounted for, and both publish in both languages."""

import csv
import re
import shutil
from decimal import Decimal
from pathlib import Path

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
def demo(tmp_path_factory):
    """What `perfkit demo` makes: the example, loaded and published in English and French."""
    folder = tmp_path_factory.mktemp("demo") / "here"
    perfkit("demo", folder)
    return folder


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


def test_every_dollar_of_cdnow_is_read(demo):
    sales = pk.open_company(demo).table("sales")
    assert sums(sales) == (69_659, Decimal("2500315.63"))
    assert sales.customer_id.nunique().to_pyarrow().as_py() == 23_570
    assert sales.order_id.nunique().to_pyarrow().as_py() == 67_591
    assert sales.customer_id.min().to_pyarrow().as_py() == "00001"


def test_the_demo_publishes_in_english_and_french(demo):
    for language, word in (("en", "Revenue"), ("fr", "Chiffre d’affaires|Chiffre d'affaires")):
        page = published(demo, cli.DEMO_PERIOD, language)
        assert re.search(f'<html[^>]* lang="{language}"', page) and re.search(word, page)


def test_a_second_demo_leaves_what_was_changed(demo, monkeypatch):
    monkeypatch.setattr(cli, "_publish", lambda *_: None)
    settings = demo / "company.toml"
    settings.write_text(settings.read_text() + "# mine\n")
    perfkit("demo", demo)
    assert settings.read_text().endswith("# mine\n")


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


def test_online_retail_publishes_in_both_languages(online_retail, shared_data):
    for language in ("en", "fr"):
        perfkit(
            "run", "commercial_audit", online_retail.path, "--period", "2011-11", "--language", language,
            "--exports", shared_data / "online_retail",
        )  # fmt: skip
        assert f'lang="{language}"' in published(online_retail.path, "2011-11", language)


def sums(sales):
    found = sales.agg(lines=sales.count(), money=sales.net_revenue.sum()).to_pyarrow().to_pylist()[0]
    return found["lines"], found["money"]


def published(company, period, language):
    return (company / "reports" / period / f"commercial_audit.{language}" / "current" / "report.html").read_text()
