"""Proofs: a column is read in the one way that its cells prove, or a person is asked, and never guessed."""

import datetime as dt
import unicodedata
from collections import Counter
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings

from perfkit.errors import DataError
from perfkit.sources.columns import Source
from perfkit.sources.settings import Format
from perfkit.sources.values import proofs
from perfkit.sources.values.proofs import contradicted, prove, stated
from tests.sources.one_column import proven, read, rows_of


def asked(cells, type_="money", **said):
    with pytest.raises(DataError) as refused:
        proven(cells, type_, **said)
    return str(refused.value)


def test_a_number_that_can_be_read_both_ways_is_asked_about():
    assert asked(["5", "1,234", "2,000"]) == (
        "sales: sales.csv, line 3: Column = '1,234' is 1234 or 1.234, and no cell of the column tells which: 2 can be "
        "read both ways. Taken wrongly, they are a thousand times too large or too small. Say which sign is the "
        'decimal one: [tables.sales] format = { decimal = "," }, or { decimal = ".", thousands = "," }'
    )
    assert "line 2: Column = '(1.234) €' is -1234 or -1.234, and" in asked(["(1.234) €", "1 234"])
    assert "1 can be read both ways (and '1.234' in line 3)." in asked(["1,234", "1.234"])
    assert "Column = '1,234' is" in asked(["\x01n12.5", "1,234"], kind="cell")


def test_two_decimal_signs_are_asked_about_unless_nearly_all_cells_have_one():
    assert asked(["12,5", "12.5", "3.25", "7"]) == (
        "sales: sales.csv: Column has decimals behind a comma ('12,5' in line 2) and behind a point ('12.5' in line 3 "
        "and 1 more). Read in one way, the others are a thousand times too large or too small. Mend the export, or say "
        "which sign is meant, and cells with the other are set aside: "
        '[tables.sales] format = { decimal = "." }, or { decimal = "," }'
    )
    assert "'1.234.567' in line 3" in asked(["1.5", "1.234.567"])
    assert proven([*["1.5"] * 9, "1,5"], "money").contested
    assert "two" not in asked([*["1.5"] * 8, "1,5"])


def test_a_slip_does_not_decide_on_thousands_of_cells():
    assert asked([*["1,234"] * 2000, "12,5"]) == (
        "sales: sales.csv, line 2002: Column = '12,5' is one of only 1 cells that tell that a comma is the decimal "
        "sign, and it may be a slip: '1,234' in line 2 and 1,999 more can be read both ways, a thousandfold apart. Say "
        'which sign is the decimal one: [tables.sales] format = { decimal = "," }, or { decimal = ".", thousands = "," '
        '}, or { decimal = ",", thousands = "." }'
    )
    assert proven([*["1,234"] * 2000, "12,5", "0,5", "1,75"], "money").decimal == ","


def test_shares_below_one_under_a_percent_sign_are_asked_about():
    assert asked(["0,5", "1"], "share", heading="Remise %") == (
        "sales: sales.csv, line 2: Remise % = '0,5' stands under a heading with a percent sign, and no cell of the "
        "column is above 1: it may be percent or a part of one, a hundredfold apart. Say which: [tables.sales.columns] "
        '... = { column = "Remise %", times = "0.01" } if it is percent, or times = 1 } if it is a part of one.'
    )
    assert "Taux %" in asked(["12 %", "0.125"], "share", heading="Taux %")


def test_days_that_fit_two_orders_are_asked_about():
    assert asked(["03/04/2026", "05/04/2026"], "date") == (
        "sales: sales.csv, line 2: Column = '03/04/2026' is 3 April 2026 or 4 March 2026, and no cell of the column "
        "(2) tells which. Taken wrongly, days move into other months. Say which: "
        '[tables.sales] format = { date = "%d/%m/%Y" }, or { date = "%m/%d/%Y" }'
    )
    said = asked(["01/02/03 10:30"], "timestamp")
    assert "is 1 February 2003 or 2 January 2003, and" in said and 'timestamp = "%d/%m/%y %H:%M" }' in said
    assert "3 February 2001" in asked(["01-02-03"], "date")
    assert "or 2 January 2026" in asked(["01022026"], "date")


def test_days_in_two_orders_or_shapes_are_asked_about():
    assert asked(["13/01/2024", "01/13/2024", *["01/02/2024"] * 50], "date") == (
        "sales: sales.csv: Column has days in two orders: '13/01/2024' in line 2, and '01/13/2024' in line 3. So it is "
        "not known what a cell such as 03/04 means. Mend the export, or say which order is meant, and cells that "
        'cannot have it are set aside: [tables.sales] format = { date = "%d/%m/%Y" }, or { date = "%m/%d/%Y" }'
    )
    assert "two orders" in asked([*["13/01/2024"] * 99, "01/13/2024"], "date")
    assert asked(["2024-01-31", "31/12/2024"], "date") == (
        "sales: sales.csv: Column writes days in several ways: '2024-01-31' in line 2, and '31/12/2024' in line 3. "
        "Rows of the others would be left out of every figure. Mend the export, or say which way is meant, and the "
        'others are set aside: [tables.sales] format = { date = "%Y-%m-%d" }, or { date = "%d/%m/%Y" }'
    )


def test_months_among_days_are_asked_about_however_few():
    assert asked([*["2024-01-31"] * 99, "2024-01"], "date") == (
        "sales: sales.csv: Column holds days and whole months: '2024-01-31' in line 2 and 98 more, and '2024-01' in "
        "line 101. A month's sum beside a day's sale is often a subtotal, which would count twice. Mend the export, or "
        'say which is meant, and the others are set aside: [tables.sales] format = { date = "%Y-%m-%d" }, or '
        '{ date = "%Y-%m" }'
    )


def test_one_telling_day_does_not_decide_on_thousands():
    said = asked([*["01/02/2024"] * 2000, "31/12/2024"], "date")
    assert "line 2002: Column = '31/12/2024' is one of only 1 cells that tell the order of day and month" in said
    assert 'date = "%d/%m/%Y" }, or { date = "%m/%d/%Y" }' in said


def test_day_numbers_are_asked_about():
    assert asked(["45631", "45632.5"], "date") == (
        "sales: sales.csv, line 2: Column = '45631' looks like a workbook's day number, which counts from 1899-12-30 "
        "on, or from 1904-01-01 in old Mac files: four years apart. Say which: "
        '[tables.sales] format = { date = "excel" }, or { date = "excel-1904" }'
    )
    assert "Column = '45631' looks like" in asked(["\x01n45631"], "date", kind="cell")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2024", "a year"), ("T1 2026", "a quarter"), ("Q3", "a quarter"), ("2026-Q1", "a quarter"), ("S12", "a week"),
        ("2026-W05", "a week"), ("Semaine 3", "a week"), ("1470145673504", "a number of seconds"),
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused_in_words(text, said):
    assert asked([text, text], "date") == (
        f"sales: sales.csv, line 2: Column = {text!r} is {said} and no day (2 cells of the column). Months and seasons "
        "are made of days, so a line without one belongs to none. Export the day, or name another column: "
        "[tables.sales.columns]"
    )


def test_the_first_rows_decide_unless_they_leave_a_doubt(monkeypatch):
    monkeypatch.setattr(proofs, "SAMPLE", 10)
    assert not proven(["1.5"] * 20, "money").whole
    assert proven(["1.5"] * 9, "money").whole
    assert proven(["1,234"] * 20 + ["1,5"], "money").decimal == "," and proven(["1,234"] * 20 + ["1,5"], "money").whole
    assert proven(["01/02/2024"] * 20 + ["31/12/2024"], "date").date == ("%d/%m/%Y",)
    assert proven(["12"] * 20 + ["1.5"], "money").decimal == ""
    assert proven(["12"] * 20 + ["1.5"], "money", thorough=True).decimal == "."


@pytest.mark.parametrize(
    ("cells", "type_", "later", "refuted"),
    [
        (["12"], "money", "1.5", True), (["12"], "money", "1,234", True), (["12"], "money", "1 234", True),
        (["12"], "money", "(12)", True), (["12"], "money", "12 €", True), (["12"], "money", "x", False),
        (["12"], "money", "12", False), (["12"], "money", "$12", False), (["12"], "money", None, False),
        (["12"], "quantity", "12 €", False), (["12"], "share", "12 %", True), (["12"], "money", "12 %", False),
        (["1.5"], "money", "1,5", True), (["1.5"], "money", "1,234", True), (["1.5"], "money", "1,234.5", True),
        (["1.5"], "money", "1.23456", False), (["1.5"], "money", "1.2.3", False), (["1.5"], "money", "1'234", True),
        (["1.5", "1,234"], "money", "1,234,5", False), (["1.5", "1,234"], "money", "12,5", True),
        (["1.5"] * 9 + ["1,5"], "money", "2,5", False), (["1.5"] * 9 + ["1,5"], "money", "1,234", False),
        (["1.5"] * 9 + ["1,5"], "money", "1 234", True),
        (["31/12/2024"], "date", "12/31/2024", True), (["31/12/2024"], "date", "31/12/2023", False),
        (["31/12/2024"], "date", "31/02/2024", False), (["31/12/2024"], "date", "2024-12-31", True),
        (["31/12/2024"], "date", "31/12/2024 10:30", True), (["31/12/2024"], "date", "45631", False),
        (["31/12/2024"], "date", "31/12/2024\u00a0", True), (["x"], "date", "2024-12-31", False),
        (["x"], "date", "31/12/2024", True), (["31/12/2024"] * 9 + ["2024-01-31"], "date", "2024-01-30", False),
        (["31/12/2024"] * 9 + ["2024-01-31"], "date", "31/12/2024 9:00", True),
        (["31/12/2024"], "id", "1.5", False), (["oui"], "boolean", "1.5", False),
    ],
)  # fmt: skip
def test_a_later_cell_that_proves_another_writing_is_told(monkeypatch, cells, type_, later, refuted):
    assert _contradicted(monkeypatch, cells, type_, later) == refuted


def test_what_is_declared_or_was_looked_at_whole_is_never_contradicted(monkeypatch):
    assert not _contradicted(monkeypatch, ["1.5"], "money", "1,5", form={"decimal": ".", "thousands": ""})
    assert _contradicted(monkeypatch, ["1.5"], "money", "1,234.5", form={"decimal": "."})
    assert not _contradicted(monkeypatch, ["1.5"], "money", "1,5", form={"decimal": "."})
    assert not _contradicted(monkeypatch, ["31/12/2024"], "date", "2024-12-31", form={"date": "%d/%m/%Y"})
    assert not _contradicted(monkeypatch, ["1.5"], "money", "1,5", thorough=True)
    monkeypatch.undo()
    writing = {"Column": proven(["1.5"], "money")}
    with rows_of([]) as engine:
        failed = pa.table({"c0": ["1,5"]})
        assert not contradicted(failed, Source("f", ("Column",), ("text",)), {"Column": {"money"}}, writing, engine)


def _contradicted(monkeypatch, cells, type_, later, *, form=None, thorough=False):
    monkeypatch.setattr(proofs, "SAMPLE", len(cells))
    writing = proven(cells, type_, thorough=thorough, **(form or {}))
    source, failed = Source("sales.csv", ("Column",), ("text",)), pa.table({"c0": pa.array([later], pa.string())})
    with rows_of([]) as engine:
        return contradicted(failed, source, {"Column": {type_}}, {"Column": writing}, engine)


def test_several_columns_are_proven_at_once_and_those_with_types_of_their_own_left_alone(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("31/12/2024;1 234,56;12;a\n01/12/2024;5;13;b\n;;;\n")
    columns = {f"c{number}": "VARCHAR" for number in range(4)}
    relation = f"read_csv('{path}', columns = {columns}, header = false, delim = ';', auto_detect = false)"
    source = Source("sales.csv", ("Day", "Net", "Number", "Id"), ("text",) * 4)
    wanted = {"Net": {"money", "number"}, "Day": {"date", "timestamp"}, "Number": {"id", "quantity"}, "Id": {"id"}}
    said = {"form": Format(), "currency": "EUR", "timezone": "UTC", "table": "sales", "line_of": lambda row: ("", row)}
    with duckdb.connect() as engine:
        found = prove(wanted, source, relation, engine, **said)
        stored = Source("sales.parquet", ("Day", "Net", "Number", "Id"), ("date", "decimal", "integer", "text"))
        assert prove({"Net": {"money"}, "Day": {"date"}}, stored, relation, engine, **said) == {}
    assert list(found) == ["Net", "Day", "Number", "Id"]
    assert (found["Net"].decimal, found["Number"].decimal) == (",", "")
    assert found["Day"].date == found["Day"].timestamp == ("%d/%m/%Y",)


def test_what_was_supposed_is_stated():
    def told(cells, type_, **said):
        heading = said.get("heading", "Column")
        return stated({heading: proven(cells, type_, **said)}, {heading: {type_}}, "sales.csv")

    assert told(["12,5"], "share", heading="Taux %") == [
        "sales.csv: 'Taux %' is in percent, as its heading says; 12.5 was taken as 0.125."
    ]
    assert told(["12,5 %"], "share") == ["sales.csv: 'Column' is written in percent; 12.5 % was taken as 0.125."]
    assert told(["31/12/24"], "date") == [
        "sales.csv: 'Column' has years of two digits: 00 to 68 were taken as 2000 to 2068."
    ]
    assert told(["2024-01"], "date") == ["sales.csv: 'Column' says months; each was taken as its first day."]
    assert told(["2026-06-01T10:00:00Z"], "timestamp") == [
        "sales.csv: the times of 'Column' were turned to the company's clock, Europe/Paris."
    ]
    assert told(["1.5"] * 9 + ["1,5"], "money") == [
        "sales.csv: 'Column' is not written in one way; cells unlike most were set aside."
    ]
    assert told(["2024-01-31"], "date") == told(["1.5"], "money") == told(["x"], "text") == []
    assert told(["45631"], "date", date="excel") == []


# A reader of numbers that shares nothing with the one under test: it scans, for each of the two decimal signs.


def scanned(text, sign):
    """The amount that a text says if `sign` is the decimal one, or None."""
    rest = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-").upper()
    peeled = Counter()
    before = None
    while rest != before:
        before = rest = rest.strip(" ")
        for mark in ("EUR", "€", "-"):
            if rest.startswith(mark) or rest.endswith(mark):
                peeled[mark] += 1
                rest = rest.removeprefix(mark) if rest.startswith(mark) else rest.removesuffix(mark)
                break
        if rest.startswith("(") and rest.endswith(")"):
            peeled["()"] += 1
            rest = rest[1:-1]
    negative, money = peeled["-"] + peeled["()"], peeled["EUR"] + peeled["€"]
    if negative > 1 or money > 1 or not rest or set(rest) - set("0123456789 .,'"):
        return None
    whole, _, part = rest.partition(sign)
    if sign in part or (part and not part.isdigit()):
        return None
    marks = set(whole) - set("0123456789")
    if len(marks) > 1:
        return None
    if marks:
        groups = whole.split(marks.pop())
        if not 1 <= len(groups[0]) <= 3 or groups[0][0] == "0" or any(len(group) != 3 for group in groups[1:]):
            return None
        whole = "".join(groups)
    if not whole and not part:
        return None
    value = Decimal(f"{whole or 0}.{part or 0}")
    return -value if negative else value


def counted(cells):
    """What becomes of a column: the sign that rules it, and whether the other one is proven too; None to be asked."""
    proofs_ = Counter()
    doubtful = 0
    for text in cells:
        with_point, with_comma = scanned(text, "."), scanned(text, ",")
        if with_point is None and with_comma is not None:
            proofs_[","] += 1
        elif with_comma is None and with_point is not None:
            proofs_["."] += 1
        elif with_point != with_comma:
            doubtful += 1
    if not proofs_:
        return None if doubtful else (".", False)
    (sign, most), *others = proofs_.most_common()
    if others and most < 9 * others[0][1]:
        return None
    return sign, bool(others)


SPACE_SIGNS = [" ", "\u00a0", "\u202f", "\u2009"]
NOT_NUMBERS = ["n/a", "-", "12 k€", "1e5", "$5", "1.2.3", "--4", "12,,5", "1 23", "(5", "0x1F", "€", "1_000", "5 €/u"]


@st.composite
def amounts(draw):
    """Amounts in one style, and among them some that are none."""
    decimal = draw(st.sampled_from(".,"))
    other = "," if decimal == "." else "."
    thousands = draw(st.sampled_from(["", *SPACE_SIGNS, "'", other]))
    minus = draw(st.sampled_from(["-{}", "\N{MINUS SIGN}{}", "({})", "{}-", "- {}"]))
    money = draw(st.sampled_from(["{}", "{} €", "{}\u00a0€", "€{}", "EUR {}", "{}EUR"]))
    padding = draw(st.sampled_from(["{}", " {}", "{} ", "{}\u00a0"]))
    places = draw(st.sampled_from([None, 0, 1, 2, 3]))
    cells = []
    for _ in range(draw(st.integers(1, 12))):
        exact = draw(st.decimals(-10_000_000, 10_000_000, places=draw(st.integers(0, 4)) if places is None else places))
        text = f"{abs(exact):,f}".replace(",", "G").replace(".", decimal).replace("G", thousands)
        if thousands == "" and draw(st.booleans()):
            text = text.zfill(15)
        if exact < 0:
            text = minus.format(text)
        cells.append(padding.format(money.format(text)))
    junk = draw(st.lists(st.sampled_from(NOT_NUMBERS), max_size=4))
    return draw(st.permutations([*cells, *junk]))


@settings(max_examples=60)
@given(amounts())
def test_numbers_agree_with_a_reader_that_scans(cells):
    _agree(cells)


TEXTS = st.text("0123456789.,  \u00a0'-()", min_size=1, max_size=9)


@settings(max_examples=40)
@given(st.lists(TEXTS, min_size=1, max_size=12))
def test_any_text_is_read_as_by_a_reader_that_scans_or_set_aside(cells):
    _agree(cells)


MIXED = ["12.5", "0,5", "1,234", "1.234", "1,234.5", "1.234,5", "7", "1 234", "1'234,5"]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(MIXED), min_size=1), st.sampled_from(["12.5", "12,5"]), st.integers(0, 60))
def test_a_mixed_column_is_asked_about_or_its_doubtful_cells_set_aside(cells, most, times):
    _agree([*cells, *[most] * times])


def _agree(cells):
    cells = [text for text in cells if text]
    verdict = counted(cells)
    if verdict is None:
        assert "[tables.sales]" in asked(cells)
        return
    found = read(cells)
    sign, contested = verdict
    other = "," if sign == "." else "."
    for text, value in zip(cells, found, strict=True):
        expected = scanned(text, sign)
        if contested and scanned(text, other) not in (None, expected):
            expected = None
        if isinstance(value, str):
            assert expected is None or value in ("too many decimals", "too large"), (text, value, cells)
        else:
            assert value == expected, (text, value, cells)


# A reader of days that tries Python's strptime with every format.

APART = ["%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y"]
ORDERS = [order.replace("/", sign) for sign in "-/." for order in APART]
ORDERS += ["%y-%m-%d", "%Y%m%d", "%d%m%Y", "%m%d%Y"]
TIMES = ["", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %H:%M:%S %z", "T%H:%M:%SZ", " %H:%M:%S.%f"]
FRENCH = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
NO_DAYS = ["31/02/2024", "2024-13-01", "n.c.", "Total", "00/00/2024", "2024-02-30", "99.99.9999", "12:30", "x/y/z"]


def said_by(text, order):
    """The time that a text says in an order of day, month and year, on the clock of Paris; None if none."""
    for time in TIMES:
        try:
            found = dt.datetime.strptime(text, order + time)
        except ValueError:
            continue
        if "%Y%m%d" in order.replace("%d%m%Y", "%Y%m%d").replace("%m%d%Y", "%Y%m%d") and not text[:8].isdigit():
            return None
        if time.endswith("Z"):
            found = found.replace(tzinfo=dt.UTC)
        if found.tzinfo:
            found = found.astimezone(ZoneInfo("Europe/Paris")).replace(tzinfo=None)
        return found if 1900 <= found.year <= 2199 else None
    return None


@st.composite
def columns_of_days(draw):
    order = draw(st.sampled_from(ORDERS))
    times = draw(st.lists(st.sampled_from(TIMES), min_size=1, max_size=2, unique=True))
    first, last = ("1969-01-02", "2068-12-30") if "%y" in order else ("1900-01-02", "2199-12-30")
    moments = st.datetimes(dt.datetime.fromisoformat(first), dt.datetime.fromisoformat(last))
    cells = []
    for moment in draw(st.lists(moments, min_size=1, max_size=10)):
        time = draw(st.sampled_from(times))
        if "%z" in time:
            moment = moment.replace(tzinfo=dt.timezone(dt.timedelta(minutes=draw(st.sampled_from([0, 120, -210])))))
        text = moment.strftime(order + time)
        cells.append(text)
    junk = draw(st.lists(st.sampled_from(NO_DAYS), max_size=3))
    return draw(st.permutations([*cells, *junk]))


@settings(max_examples=80)
@given(columns_of_days())
def test_days_agree_with_pythons_strptime(cells):
    said = [{order: day for order in ORDERS if (day := said_by(text, order))} for text in cells]
    telling = [each for each in said if each]
    fitting = [order for order in ORDERS if telling and all(order in each for each in telling)]
    alike = all(len({each[order] for order in fitting}) == 1 for each in telling)
    if not fitting or not alike:
        assert "[tables.sales]" in asked(cells, "timestamp")
        return
    found = read(cells, "timestamp")
    expected = [each.get(fitting[0]) for each in said]
    for text, value, right in zip(cells, found, expected, strict=True):
        assert (value == right) if right else isinstance(value, str), (text, value, right)


@settings(max_examples=40)
@given(st.lists(st.dates(dt.date(1969, 1, 1), dt.date(2068, 12, 31)), min_size=1, max_size=12), st.data())
def test_days_with_a_french_month_are_those_that_were_written(written, data):
    names = data.draw(st.sampled_from([FRENCH, [name[:4] + "." for name in FRENCH[:2]] + FRENCH[2:]]))
    shape = data.draw(st.sampled_from(["{d} {b} {y}", "{d:02}-{b}-{s:02}", "{d}er {b} {y}", "{b} {y}", "{b}-{s:02}"]))
    form = data.draw(st.sampled_from(["NFC", "NFD"]))
    case = data.draw(st.sampled_from([str, str.upper, str.title]))
    texts = [
        case(unicodedata.normalize(form, shape.format(d=day.day, b=names[day.month - 1], y=day.year, s=day.year % 100)))
        for day in written
    ]
    expected = [day if "d" in shape else day.replace(day=1) for day in written]
    assert read(texts, "date") == expected


@pytest.mark.parametrize("first", [True, False], ids=["proofs first", "proofs last"])
@pytest.mark.parametrize(
    ("column", "telling", "doubtful"),
    [("net_revenue", "12,50", "1,234"), ("net_revenue", "12.50", "1,234"), ("date", "25/01/2024", "03/04/2024")],
)
def test_where_the_proofs_stand_changes_nothing(tmp_path, monkeypatch, column, telling, doubtful, first):
    from perfkit.errors import DataError
    from tests.sources.conftest import Desk

    monkeypatch.setattr(proofs, "SAMPLE", 100)
    cells = [telling] * 2 + [doubtful] * 3998
    rows = cells if first else cells[::-1]
    other = {"net_revenue": "2024-01-31", "date": "1"}[column]
    text = "".join(f"{cell};{other}\n" for cell in rows)
    with pytest.raises(DataError, match="one of only 2 cells that tell"):
        Desk(tmp_path).load(f"{column};{'date' if column == 'net_revenue' else 'net_revenue'}\n{text}")
