"""Rules: keys stand once, exclusions are counted, control totals are hit."""

from decimal import Decimal

import pytest

import perfkit as pk
from perfkit.errors import DataError, ParameterError

SALES = """order_id,date,product,net_revenue
A1,2024-01-01,POST,4.50
A2,2024-01-01,M,1
B3,2024-01-01,X1,10
A4,2024-01-01,X2,20
B5,2024-01-01,,0.00
"""


def rule(desk, **test):
    test = {"in" if key == "among" else key: value for key, value in test.items()}
    snapshot = desk.load(
        SALES,
        columns={"order_id": "order_id", "date": "date", "net_revenue": "net_revenue"},
        exclude=[{**test, "because": "test"}],
    )
    return snapshot.report["tables"]["sales"]["excluded"]


@pytest.mark.parametrize(
    ("test", "rows", "money"),
    [
        ({"column": "product", "among": ["POST", "M"]}, 2, "5.5"),
        ({"column": "product", "equals": "POST"}, 1, "4.5"),
        ({"column": "product", "starts_with": "X"}, 2, "30"),
        ({"column": "product", "matches": "^X[0-9]$"}, 2, "30"),
        ({"column": "product", "missing": True}, 1, "0"),
        ({"column": "order_id", "starts_with": "A"}, 3, "25.5"),
        ({"column": "net_revenue", "equals": 0}, 1, "0"),
        ({"column": "net_revenue", "among": [4.5, 20]}, 2, "24.5"),
        ({"column": "date", "equals": "2024-01-01"}, 5, "35.5"),
    ],
)
def test_a_rule_leaves_out_its_rows_and_counts_their_money(desk, test, rows, money):
    excluded = rule(desk, **test)
    assert (excluded["rows"], excluded["sums"]["net_revenue"]) == (rows, money)
    assert excluded["rules"][0]["because"] == "test" and excluded["rules"][0]["rows"] == rows


def test_the_first_rule_that_matches_counts_the_row(desk):
    rules = [
        {"column": "product", "equals": "POST", "because": "postage"},
        {"column": "order_id", "starts_with": "A", "because": "adjustment"},
        {"column": "order_id", "equals": "Z", "because": "none"},
    ]
    snapshot = desk.load(SALES, exclude=rules)
    report = snapshot.report["tables"]["sales"]
    assert [(each["because"], each["rows"], each["sums"]["net_revenue"]) for each in report["excluded"]["rules"]] == [
        ("postage", 1, "4.5"), ("adjustment", 2, "21"), ("none", 0, "0"),
    ]  # fmt: skip
    assert report["notices"] == ["The rule order_id = Z (none) matches no row."]
    assert desk.revenue(snapshot) == 10


def test_a_declared_exclusion_wins_over_the_quarantine(desk):
    text = SALES + "TOTAL,,,35.50\nTOTAL,,,x\n"
    snapshot = desk.load(text, exclude=[{"column": "order_id", "equals": "TOTAL", "because": "totals row"}])
    assert desk.counts(snapshot) == (5, 2, 0)
    assert snapshot.report["tables"]["sales"]["excluded"]["unreadable"] == {"net_revenue": 1}
    assert desk.revenue(snapshot, "read") == Decimal("71.00")


def test_an_unknown_column_in_a_rule_is_refused_with_the_nearest(desk):
    with pytest.raises(ParameterError) as refused:
        rule(desk, column="produit", equals="x")
    assert "no column 'produit'. Did you mean 'product'?" in str(refused.value)
    assert "[tables.sales] exclude number 1 names it." in str(refused.value)


def test_a_pattern_that_is_none_is_refused(desk):
    with pytest.raises(ParameterError, match=r"matches = '\(' is not a pattern"):
        rule(desk, column="product", matches="(")


def test_a_number_is_not_compared_with_dates(desk):
    with pytest.raises(ParameterError, match="20240101 is a number, its column holds none"):
        desk.load(
            "d,net_revenue\n2024-01-01,1\n",
            columns={"date": "d", "net_revenue": "net_revenue"},
            exclude=[{"column": "date", "equals": 20240101, "because": "x"}],
        )


def test_hostile_text_in_rules_and_cells_is_only_text(desk):
    nasty = "'; DROP TABLE export; --"
    names = [nasty, "<script>alert(1)</script>", "=cmd|x"]
    text = "order_id,date,net_revenue\n" + "".join(f'"{name}",2024-01-01,1\n' for name in names)
    snapshot = desk.load(text, exclude=[{"column": "order_id", "equals": nasty, "because": nasty}])
    assert desk.column(snapshot, "order_id") == ["<script>alert(1)</script>", "=cmd|x"]
    assert desk.counts(snapshot) == (2, 1, 0)


PRODUCTS = 'product_id,name\n00123,a\n7,b\n00123,c\n"8","x\ny"\n7,d\n'


def test_a_key_that_stands_twice_is_refused_with_its_lines(desk):
    with pytest.raises(DataError) as refused:
        desk.load(PRODUCTS, table="products", name="produits.csv")
    assert str(refused.value) == (
        "products: 2 of 3 values of product_id stand on more than one row "
        '(first: "00123", lines 2 and 4 of produits.csv).\n'
        "What stands twice would count its sales twice.\n"
        'Keep one row each, or say which is right: [tables.products] keep = "last".'
    )


def test_the_lines_of_a_key_are_right_across_files_and_after_rows_set_aside(desk):
    desk.write("a.csv", "product_id,name\n,none\n1,a,b\n1,a\n")
    desk.write("b.csv", "product_id,name\n\n2,b\n1,c\n")
    with pytest.raises(DataError, match=r'first: "1", line 4 of a\.csv and line 4 of b\.csv'):
        desk.load(table="products", name="*.csv")


@pytest.mark.parametrize(("keep", "names"), [("first", ["a", "b", "x\ny"]), ("last", ["c", "x\ny", "d"])])
def test_the_settings_may_say_which_row_of_a_key_stays(desk, keep, names):
    snapshot = desk.load(PRODUCTS, table="products", keep=keep)
    assert desk.column(snapshot, "name", "products") == names
    assert desk.counts(snapshot, "products") == (3, 2, 0)
    (said,) = snapshot.report["tables"]["products"]["excluded"]["rules"]
    assert (said["column"], said["test"], said["because"], said["rows"]) == (
        "product_id",
        "stands on several rows",
        f"keep = '{keep}'",
        2,
    )


@pytest.mark.parametrize(
    "files, keep, stays",
    [
        (["b.csv", "a.csv"], "last", "a.csv"),
        (["a.csv", "b.csv"], "last", "b.csv"),
        (["b.csv", "a.csv"], "first", "b.csv"),
        (["b.csv", "*.csv"], "last", "a.csv"),
    ],
)
def test_the_row_that_stays_is_told_by_the_order_of_the_files(desk, files, keep, stays):
    for name in ("a.csv", "b.csv"):
        desk.write(name, f"product_id,name\n1,{name}\n{name},x\n")
    snapshot = desk.load(table="products", name=files, keep=keep)
    assert stays in desk.column(snapshot, "name", "products")
    gone = "a.csv" if stays == "b.csv" else "b.csv"
    assert (
        f"1 value of product_id stood on more than one row; the {keep} row of each stayed (keep = '{keep}'), files "
        f'counting in the order in which they are read: of "1" the row of {stays} stayed, and not that of {gone}.'
    ) in snapshot.report["tables"]["products"]["notices"]


def test_keys_that_are_settled_within_a_file_are_counted(desk):
    notices = desk.load(PRODUCTS, table="products", keep="last").report["tables"]["products"]["notices"]
    assert any(each.startswith("2 values of product_id stood on more than one row") for each in notices)


def test_a_missing_key_is_set_aside(desk):
    snapshot = desk.load("product_id,name\n,a\n1,b\n", table="products")
    assert desk.aside(snapshot) == [(2, "product_id", None, "missing")]


def test_control_totals_that_are_hit_are_recorded(desk):
    snapshot = desk.load(SALES + "x,y,z,1\n", control={"rows": 6, "net_revenue": "36.5"})
    assert snapshot.report["tables"]["sales"]["control"] == {"rows": 6, "net_revenue": "36.5"}


def test_a_control_total_that_is_missed_is_refused_with_the_difference(desk):
    with pytest.raises(DataError) as refused:
        desk.load(SALES, control={"net_revenue": "36.00"})
    assert str(refused.value).startswith(
        "[control] sales: net_revenue should be 36 over all rows read, and is 35.5, a difference of -0.5."
    )
    with pytest.raises(DataError, match="rows should be 4 over all rows read, and is 5, a difference of \\+1"):
        desk.load(SALES, control={"rows": 4})
    with pytest.raises(DataError, match="The amount of 1 rows cannot be read"):
        desk.load(SALES + "A,2024-01-01,x,?\n", control={"net_revenue": 40})
    assert not list(desk.folder.glob("snapshots/[0-9a-f]*"))


def test_a_control_of_what_has_no_total_is_refused(desk):
    with pytest.raises(DataError, match="'order_id' has no total here; there are: rows, net_revenue"):
        desk.load(SALES, control={"order_id": 1})


def test_keep_is_for_tables_with_a_key(desk):
    with pytest.raises(ParameterError, match=r"\[tables\.sales\] keep: its rows have no key"):
        desk.load(SALES, keep="last")


def test_a_table_may_have_columns_named_like_anything(desk):
    text = "opportunity_id,created_at,status,amount\n1,2024-01-01,won,5\n2,2024-01-01,lost,\n3,2024-01-01,gone,1\n"
    snapshot = desk.load(text, table="opportunities", exclude=[{"column": "status", "equals": "lost", "because": "x"}])
    assert desk.counts(snapshot, "opportunities") == (1, 1, 1)
    assert snapshot.report["tables"]["opportunities"]["excluded"]["unreadable"] == {"amount": 0}


def test_what_a_rule_leaves_out_is_counted_to_its_last_digit(tmp_path):
    """More decimals than can be stored are no reason to lose money that no figure shows."""
    (tmp_path / "exports").mkdir()
    rows = "date,net_revenue,k\n2024-01-01,1.23456,POST\n2024-01-02,1,A\n2024-01-03,100000000000000,POST\n"
    (tmp_path / "exports" / "s.csv").write_text(rows)
    settings = 'name="X"\ncurrency="EUR"\n[tables.sales]\nfiles="s.csv"\n'
    rule = 'exclude=[{column="k",equals="POST",because="p"}]\n'
    (tmp_path / "company.toml").write_text(settings + rule + '[control]\nsales={net_revenue="100000000000002.23456"}\n')
    sales = pk.load(tmp_path).snapshot.report["tables"]["sales"]
    assert sales["sums"]["net_revenue"] == "100000000000002.23456"
    assert sales["excluded"]["sums"]["net_revenue"] == "100000000000001.23456"
    (tmp_path / "company.toml").write_text(settings + rule + '[control]\nsales={net_revenue="1"}\n')
    with pytest.raises(DataError, match="net_revenue should be 1"):
        pk.load(tmp_path)


@pytest.mark.parametrize("said", ["1.000 000", "12.5000 000", "1.23450 0"])
def test_a_space_inside_a_number_is_not_dropped(tmp_path, said):
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "s.csv").write_text(f"date,net_revenue\n2024-01-31,{said}\n2024-01-31,1\n")
    (tmp_path / "company.toml").write_text('name="X"\ncurrency="EUR"\n[tables.sales]\nfiles="s.csv"\n')
    sales = pk.load(tmp_path).snapshot.report["tables"]["sales"]
    assert (sales["accepted"]["rows"], sales["quarantined"]["rows"]) == (1, 1)


def test_a_format_that_sets_much_of_a_file_aside_is_refused_unless_allowed(tmp_path):
    (tmp_path / "exports").mkdir()
    rows = "".join(f"2024-01-01,{'1,5x' if number % 5 == 0 else 10}\n" for number in range(1000))
    (tmp_path / "exports" / "s.csv").write_text("date,net_revenue\n" + rows)
    settings = 'name="X"\ncurrency="EUR"\n[tables.sales]\nfiles="s.csv"\n'
    (tmp_path / "company.toml").write_text(settings)
    with pytest.raises(DataError, match=r"200 of 1,000 rows cannot be read.*max_quarantined = 0.25"):
        pk.load(tmp_path)
    (tmp_path / "company.toml").write_text(settings + "max_quarantined = 0.25\n")
    assert pk.load(tmp_path).snapshot.report["tables"]["sales"]["quarantined"]["rows"] == 200
