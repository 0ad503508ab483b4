"""Customers whose names are mail addresses stay text: no link is made of one, and no line is broken by one."""

import re

import pandas as pd
import pytest

import perfkit as pk

LONG = f"{'purchasing.department.' * 4}@{'subsidiary.' * 5}example.com"
NAMES = ["claire@example.com", "<claire@example.com>", LONG, "http://example.com/a?b=c&d", "www.example.com"]


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    folder = tmp_path_factory.mktemp("acme")
    (folder / "exports").mkdir()
    days = ["2025-10-01", "2025-10-05", "2026-10-01", "2026-10-06"]
    sales = [[day, f"C{who}", 10 * who + place] for place, day in enumerate(days) for who in range(len(NAMES))]
    pd.DataFrame(sales, columns=["date", "customer_id", "net_revenue"]).to_csv(
        folder / "exports" / "s.csv", index=False
    )
    people = pd.DataFrame({"customer_id": [f"C{who}" for who in range(len(NAMES))], "name": NAMES})
    people.to_csv(folder / "exports" / "c.csv", index=False)
    tables = '[tables.sales]\nfiles = "s.csv"\n[tables.customers]\nfiles = "c.csv"\n'
    (folder / "company.toml").write_text(f'name = "Acme"\ncurrency = "EUR"\nobserved_until = "2026-10"\n{tables}')
    acme = pk.load(folder)
    movers = pk.kpis.movers(acme.lines(), by="customer_id", period=acme.period("2026-10"), currency="EUR")
    return movers._repr_mimebundle_()[0]["text/html"]


def test_no_link_is_made_of_a_name_and_each_stands_whole_in_its_cell(html):
    assert "<a " not in html and "href" not in html
    for name in NAMES:
        escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert escaped in html


def test_a_long_name_may_break_within_its_cell(request, html):
    style = (request.config.rootpath / "templates" / "report" / "display.css").read_text(encoding="utf-8")
    assert re.search(r"\.pk-text \{[^}]*overflow-wrap: anywhere", style) and "pk-text" in html
