"""A result shows itself three ways that agree, and nothing of the data is ever markup."""

import json
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
import pytest

from perfkit import languages
from perfkit.results import MIME, Field, Result, View, figure_frame, jsonable


@dataclass(frozen=True, eq=False)
class Takings(Result):
    """Revenue of two shops."""

    rows: pd.DataFrame

    def figures(self):
        return figure_frame(
            {"figure_id": f"revenue:{row['shop']}", "kpi": "revenue", "estimate": row["revenue"], "unit": "EUR"}
            for row in self.rows.to_dict("records")
        )

    def views(self):
        fields = [Field("shop", "Shop"), Field("revenue", "Revenue", unit="EUR", bar=True)]
        return [View("Lyon sold most", "Revenue, EUR", fields, self.rows, total=True)]


@pytest.fixture
def takings():
    languages.use("en")
    amounts = [Decimal("1000.40"), Decimal("-20.1"), Decimal("980.30")]
    return Takings(pd.DataFrame({"shop": ["Lyon", "<script>alert(1)</script>", "Total"], "revenue": amounts}))


def test_text_html_and_json_stand_in_one_output(takings):
    data, _ = takings._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html", MIME}
    assert "€1,000" in data["text/plain"] and "€1,000" in data["text/html"]
    assert [figure["estimate"] for figure in data[MIME]["figures"]] == ["1000.40", "-20.1", "980.30"]
    assert json.loads(json.dumps(data[MIME])) == data[MIME]


def test_a_terminal_shows_what_a_notebook_says_in_plain_text(takings):
    assert repr(takings) == takings._repr_mimebundle_()[0]["text/plain"] and repr(takings).startswith("Lyon sold most")


def test_markup_in_the_data_is_shown_as_text(takings):
    html = takings.html()
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_a_bar_is_in_proportion_to_the_largest_value_and_the_total_has_none(takings):
    bars = [row[1]["bar"] for row in takings.views()[0].cells()]
    assert bars[0] == 1 and bars[1] == pytest.approx(-0.0201, abs=1e-3) and bars[2] is None


def test_no_infinity_and_no_nan_reach_the_record():
    assert jsonable({"a": float("nan"), "b": [float("inf"), Decimal("NaN"), pd.NA, pd.NaT]}) == {
        "a": None,
        "b": [None, None, None, None],
    }
