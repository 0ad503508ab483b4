"""Tables are taken two at a time: what comes out does not depend on which of them is quicker."""

import shutil
import threading
import time

import pytest

from perfkit.errors import DataError
from perfkit.sources import load, loading
from perfkit.sources.settings import TableSettings, checked
from tests.sources.conftest import Desk

SALES = "order_id,date,net_revenue\n" + "".join(f"A{n},2024-01-{n % 28 + 1:02},10\n" for n in range(200))
CUSTOMERS = "customer_id,customer_name\n" + "".join(f"C{n},Customer {n}\n" for n in range(100))
PRODUCTS = "product_id,unit_cost\n" + "".join(f"P{n},1.50\n" for n in range(100))
GOOD = {"sales": SALES, "customers": CUSTOMERS, "products": PRODUCTS}
ODD = {"sales": SALES + "A0,no,1\n", "customers": CUSTOMERS + ",Nobody\n", "products": PRODUCTS + "P900,dear\n"}
NONE_READ = {"sales": "order_id,date,net_revenue\nA1,no,1\n", "products": "product_id,unit_cost\nP1,dear\n"}


def loaded(folder, contents, step=None):
    desk = Desk(folder)
    tables = {}
    for name, content in contents.items():
        desk.write(f"{name}.csv", content)
        tables[name] = checked(TableSettings, {"files": f"{name}.csv"}, where="company.toml")
    return load(desk.folder, tables, exports=desk.exports, currency="EUR", **({"step": step} if step else {}))


def slow(name):
    """A step that holds up one table."""
    return lambda message: time.sleep(0.3) if message.startswith(f"{name}: reading") else None


@pytest.mark.parametrize("last", ["sales", "customers", "products"])
def test_whichever_table_is_the_last_the_snapshot_is_the_same_to_the_byte(tmp_path, last):
    one, other = loaded(tmp_path / "one", ODD), loaded(tmp_path / "other", ODD, slow(last))
    assert one.report == other.report
    assert [row["table"] for row in other.quarantine().to_pyarrow().to_pylist()] == ["sales", "customers", "products"]


@pytest.mark.parametrize("last", ["sales", "products"])
def test_two_tables_that_are_wrong_are_told_together_in_their_order(tmp_path, last):
    with pytest.raises(DataError, match=r"(?s)1\. sales: no row could be accepted.*2\. products: no row"):
        loaded(tmp_path, {**GOOD, **NONE_READ}, slow(last))


def test_no_more_than_two_are_taken_at_a_time_and_no_thread_is_left(tmp_path):
    at_work, most = set(), []

    def step(message):
        name, _, doing = message.partition(": ")
        if doing.startswith("reading"):
            at_work.add(name)
            most.append(len(at_work))
            time.sleep(0.05)
        elif doing == "reconciling":
            at_work.discard(name)

    before = threading.active_count()
    loaded(tmp_path, GOOD, step)
    assert max(most) == loading.AT_A_TIME == 2
    assert threading.active_count() == before


def test_who_interrupts_a_load_waits_for_no_table(tmp_path):
    """Ctrl-C reaches the thread that waits; the tables under way are stopped, and nothing of them is kept."""
    long = "order_id,date,net_revenue\n" + "A1,2024-01-31,1.00\n" * 2_000_000

    def step(message):
        if message.startswith("customers: reading"):
            raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        loaded(tmp_path, {"customers": CUSTOMERS, "sales": long}, step)
    assert time.monotonic() - begun < 10
    assert not list((tmp_path / "acme" / "snapshots").glob("[!.]*"))


def test_one_file_that_is_copied_for_two_tables_is_read_by_both(tmp_path):
    """It is not UTF-8, so each table reads a copy of its own."""
    desk = Desk(tmp_path)
    rows = "".join(f"é{n};2024-01-31;P{n};1,00\n" for n in range(30_000))
    desk.write("ventes.csv", f"order_id;date;product_id;net_revenue\n{rows}".encode("cp1252"))
    tables = {
        name: checked(TableSettings, {"files": "ventes.csv", **more}, where="company.toml")
        for name, more in (("sales", {}), ("products", {"keep": "last"}))
    }
    for _ in range(4):
        found = load(desk.folder, tables, exports=desk.exports, currency="EUR")
        assert {name: table["accepted"]["rows"] for name, table in found.report["tables"].items()} == {
            "sales": 30_000,
            "products": 30_000,
        }
        shutil.rmtree(desk.folder)
