"""What docs/reading.md shows of costs and spend is read as it says."""

import re
from decimal import Decimal

import pytest

import perfkit as pk
from perfkit import periods

SALES = """order_id,date,customer_id,product_id,quantity,net_revenue,cost,channel,document
1,2026-01-02,C1,P1,2,900,400,Web,delivery
2,2026-01-06,C2,P1,1,600,250,Shop,delivery
3,2026-01-08,C2,P2,1,500,200,Web,delivery
"""


@pytest.fixture(scope="module")
def acme(request, tmp_path_factory):
    """A company whose costs and spend are those of the section, word by word."""
    text = (request.config.rootpath / "docs" / "reading.md").read_text(encoding="utf-8")
    section = text.partition("## Costs and spend")[2].partition("\n## ")[0]
    blocks = re.findall(r"```(\w+)\n(.*?)```", section, re.S)
    (costs, spend), (settings,) = ([body for kind, body in blocks if kind == of] for of in ("csv", "toml"))
    folder = tmp_path_factory.mktemp("acme")
    (folder / "exports").mkdir()
    for name, body in (("couts.csv", costs), ("depenses.csv", spend), ("sales.csv", SALES)):
        (folder / "exports" / name).write_text(body, encoding="utf-8")
    own = 'name = "Acme"\ncurrency = "EUR"\n[tables.sales]\nfiles = "sales.csv"\n'
    (folder / "company.toml").write_text(own + settings, encoding="utf-8")
    return pk.load(folder)


def test_the_block_of_costs_and_spend_is_loaded_whole_and_nothing_is_doubtful(acme):
    loaded = acme.snapshot.report["tables"]
    assert [loaded[name]["accepted"]["rows"] for name in ("costs", "spend")] == [5, 2]
    assert loaded["costs"]["quarantined"]["rows"] == 0 and acme.notices() == []


def test_each_cost_stands_at_the_level_that_the_section_says(acme):
    costs = acme.costs().to_pandas()
    sums = costs.groupby("level")["amount"].sum().to_dict()
    assert sums == {"cm1": Decimal(495), "cm2": Decimal(370), "fixed": Decimal("945.50")}
    assert set(costs["driver"].dropna()) == {"deliveries", "commandes", "revenue"}


def test_drivers_customers_and_channels_spread_them_and_the_rest_is_unallocated(acme):
    when = periods.parse("2026-01")
    found = pk.margins.profitability.by(
        acme.lines(), dimensions=["customer_id"], costs=acme.costs(), period=when, currency="EUR"
    )
    left = found.unallocated.set_index("kind")["amount"].to_dict()
    assert "Transport" not in left and "Préparation" not in left and "Remise de fin d'année" not in left
    assert left["Loyer de l'entrepôt"] == 900
