"""Structure: every record is taken, or set aside with its line, whatever the file looks like."""

from decimal import Decimal

import pytest

from perfkit.errors import DataError

HEAD = "order_id,date,net_revenue\n"
GOOD = HEAD + "A1,2024-01-01,10.00\nA2,2024-01-02,20.50\n"


def test_a_plain_file_is_accepted_whole(desk):
    snapshot = desk.load(GOOD)
    assert desk.counts(snapshot) == (2, 0, 0)
    assert desk.revenue(snapshot) == Decimal("30.50")
    assert desk.column(snapshot, "order_id") == ["A1", "A2"]


@pytest.mark.parametrize(
    ("body", "line", "column", "reason"),
    [
        ("A1,2024-01-01\nA2,2024-01-02,20.50\n", 2, "net_revenue", "too few fields"),
        ("A2,2024-01-02,20.50\nA1,2024-01-01,10.00,7\n", 3, "", "too many fields"),
        ('A1,2024-01-01,"10.00\nA2,2024-01-02,20.50\n', 2, "", "misplaced quote"),
        ('A2,2024-01-02,20.50\nA1,2024-01-01,"10.00', 3, "", "misplaced quote"),
        ('"A1"x,2024-01-01,10.00\nA2,2024-01-02,20.50\n', 2, "", "misplaced quote"),
        ('A"1,2024-01-01,10.00\n"A2",2024-01-02,20.50\n', 2, "", "misplaced quote"),
        ('"A1,2024-01-01,10.00\n"A2",2024-01-02,20.50\n', 2, "", "misplaced quote"),
        ("A1,2024-01-01,10\x00.00\nA2,2024-01-02,20.50\n", 2, "", "nul byte"),
        ("A1;2024-01-01;10.00\nA2,2024-01-02,20.50\n", 2, "date", "too few fields"),
        ("   \nA2,2024-01-02,20.50\n", 2, "date", "too few fields"),
        ("A1,,10\nA2,2024-01-02,20.50\n", 2, "date", "missing"),
        ("A1,2024-01-01,10,,x\nA2,2024-01-02,20.50\n", 2, "", "too many fields"),
    ],
)
def test_a_broken_record_is_set_aside_with_its_line_and_the_rest_is_read(desk, body, line, column, reason):
    snapshot = desk.load(HEAD + body)
    assert desk.counts(snapshot) == (1, 0, 1)
    assert [(at, where, why) for at, where, _, why in desk.aside(snapshot)] == [(line, column, reason)]
    assert desk.revenue(snapshot) == Decimal("20.50")


def test_the_whole_raw_record_can_be_got_back(desk):
    record = 'A9,"a, ""b""\r\nc",  x'
    snapshot = desk.load(GOOD.replace("\n", "\r\n") + record + "\r\n")
    assert snapshot.quarantine().to_pyarrow().column("record").to_pylist() == [record]
    assert desk.aside(snapshot) == [(4, "date", 'a, "b"\r\nc', "not a date")]


def test_all_failures_of_a_row_are_kept_and_it_stands_once(desk):
    snapshot = desk.load(GOOD + "A3,yesterday,ten\n")
    (row,) = snapshot.quarantine().to_pyarrow().to_pylist()
    assert row["failures"] == [
        {"column": "date", "value": "yesterday", "reason": "not a date"},
        {"column": "net_revenue", "value": "ten", "reason": "not a number"},
    ]
    assert (row["table"], row["file"], row["sheet"], row["line"]) == ("sales", "sales.csv", None, 4)
    assert row["message"] == "The text is not a date as its column writes them."


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_of_all_kinds_give_the_same_rows_and_lines(desk, end, last):
    text = HEAD + 'A1,2024-01-01,10\n\n"A\n2",2024-01-02,20\nA3,no,5\n\nA4,2024-01-04,1' + ("\n" if last else "")
    snapshot = desk.load(text.replace("\n", end))
    assert desk.column(snapshot, "order_id") == ["A1", f"A{end}2", "A4"]
    assert desk.aside(snapshot) == [(6, "date", "no", "not a date")]


def test_mixed_line_ends_are_line_ends(desk):
    snapshot = desk.load("order_id,date,net_revenue\r\nA1,2024-01-01,1\nA2,2024-01-01,2\rA3,x,3\r\nA4,2024-01-01,4")
    assert desk.column(snapshot, "order_id") == ["A1", "A2", "A4"]
    assert desk.aside(snapshot) == [(4, "date", "x", "not a date")]


def test_skipped_title_lines_count_as_lines_even_with_odd_quotes(desk):
    snapshot = desk.load('Report of "sales\n\n' + GOOD + "A3,x,1\n", format={"skip": 2})
    assert desk.counts(snapshot) == (2, 0, 1)
    assert desk.aside(snapshot)[0][0] == 6


def test_blank_lines_above_the_header_hold_no_record(desk):
    snapshot = desk.load("\n\n" + GOOD + "A3,x,1\n")
    assert desk.aside(snapshot)[0][0] == 6


def test_a_header_over_two_lines_is_one_record(desk):
    snapshot = desk.load(
        'order_id,date,"net\nrevenue"\nA1,2024-01-01,1\nA2,x,1\n',
        columns={"date": "date", "net_revenue": "net\nrevenue"},
    )
    assert desk.counts(snapshot) == (1, 0, 1)
    assert desk.aside(snapshot)[0][0] == 4


def test_a_first_record_that_starts_with_a_hash_is_a_record(desk):
    snapshot = desk.load(HEAD + "#1,2024-01-01,10\n#2,2024-01-01,5\n")
    assert desk.column(snapshot, "order_id") == ["#1", "#2"]


def test_a_value_may_hold_delimiters_quotes_and_line_ends(desk):
    snapshot = desk.load(HEAD + '"a, ""b""\nc",2024-01-01,"1"\n')
    assert desk.column(snapshot, "order_id") == ['a, "b"\nc']
    assert desk.revenue(snapshot) == 1


def test_quotes_are_plain_text_where_the_format_says_so(desk):
    snapshot = desk.load(HEAD + '5" pipe,2024-01-01,1\n"x,2024-01-01,2\n', format={"quote": ""})
    assert desk.column(snapshot, "order_id") == ['5" pipe', '"x']


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_another_delimiter_is_found(desk, sign):
    snapshot = desk.load(GOOD.replace(",", sign))
    assert (desk.counts(snapshot), desk.revenue(snapshot)) == ((2, 0, 0), Decimal("30.50"))


@pytest.mark.parametrize(("sign", "written"), [(";", ";"), ("\t", "\\t"), ("|", "|")])
def test_a_delimiter_declared_wrongly_is_refused_with_the_right_one(desk, sign, written):
    with pytest.raises(DataError) as refused:
        desk.load(GOOD.replace(",", sign), format={"delimiter": ","})
    assert f'[tables.sales] format = {{ delimiter = "{written}" }}' in str(refused.value)


def test_a_row_of_delimiters_alone_is_a_blank_row(desk):
    snapshot = desk.load(GOOD + ",,\n,,,,\nA3,2024-01-03,1.25\n")
    assert (desk.counts(snapshot), desk.revenue(snapshot)) == ((3, 2, 0), Decimal("31.75"))


def test_a_title_above_the_header_is_read_over_and_noted(desk):
    snapshot = desk.load("Sales of 2024,,\n\n" + GOOD + "A3,x,1\n")
    assert (desk.counts(snapshot), desk.revenue(snapshot)) == ((2, 0, 1), Decimal("30.50"))
    assert desk.aside(snapshot) == [(6, "date", "x", "not a date")]
    assert snapshot.report["tables"]["sales"]["notices"][0] == "sales.csv: 2 title lines above the header."


def test_titles_that_are_declared_away_are_refused(desk):
    with pytest.raises(DataError, match="no column 'date'"):
        desk.load("Sales of 2024,,\n" + GOOD, format={"skip": 0})


FRENCH = (
    "sep=;\r\n"
    "Ventes 2024;;;;\r\n"
    "Société : L’Hôte & Cœur;;;;\r\n"
    ";;;;\r\n"
    "N° facture;Date;Client;Montant HT;\r\n"
    'F1;26/01/2024;"Crêperie ""Chez Léa""";1 234,50;\r\n'
    'F2;27/01/2024;"12, rue des Œillets\r\nÉvry";-34,50;\r\n'
    "F3;28/01/2024;Mâcon;n.c.;\r\n"
    "F4;29/01/2024;Nîmes\r\n"
    "\r\n"
    "F5;30/01/2024;Besançon;0,10;;;\r\n"
    "Total;;;1 200,10;\r\n"
    "\x1a"
)
MAPPED = {"order_id": "N° facture", "date": "Date", "customer_id": "Client", "net_revenue": "Montant HT"}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_french_export_with_all_its_oddities_is_read_exactly(desk, encoding):
    snapshot = desk.load(FRENCH.encode(encoding), columns=MAPPED)
    assert (desk.counts(snapshot), desk.revenue(snapshot)) == ((3, 1, 2), Decimal("1200.10"))
    assert desk.column(snapshot, "customer_id") == [
        'Crêperie "Chez Léa"',
        "12, rue des Œillets\r\nÉvry",
        "Besançon",
    ]
    aside = [(line, column, reason) for line, column, _, reason in desk.aside(snapshot)]
    assert sorted(aside) == [(9, "Montant HT", "not a number"), (10, "Montant HT", "too few fields")]
    notices = snapshot.report["tables"]["sales"]["notices"]
    said = ";-separated, 3 title lines above the header."
    assert notices[0] == f"sales.csv: read {'' if encoding[:5] == 'utf-8' else f'as {known(encoding)}, '}{said}"


def known(encoding):
    return "utf-16-le" if encoding == "utf-16" else encoding


def test_each_file_of_a_table_has_its_own_dialect(desk):
    desk.write("1.csv", FRENCH.encode("cp1252"))
    desk.write("2.csv", "N° facture,Date,Client,Montant HT\nG1,2024-02-01,Nîmes,7.25\n")
    desk.write("3.txt", "Client\tDate\tMontant HT\tN° facture\nMâcon\t28/02/2024\t2,65\tH1\n".encode("utf-16"))
    snapshot = desk.load(name=["1.csv", "2.csv", "3.txt"], columns=MAPPED)
    assert (desk.counts(snapshot), desk.revenue(snapshot)) == ((5, 1, 2), Decimal("1210.00"))


@pytest.mark.parametrize("dirt", ['"{}', "{},x", '{},"', "{},,x"])
def test_one_row_of_a_hundred_may_be_broken_in_any_way(desk, dirt):
    rows = [f'"A{n}",2024-01-{1 + n % 28:02},"1.25"\n' for n in range(2_000)]
    wrong = range(37, 2_000, 100)
    for at in wrong:
        rows[at] = dirt.format(rows[at].rstrip("\n")) + "\n"
    snapshot = desk.load(HEAD + "".join(rows))
    assert (desk.counts(snapshot), desk.revenue(snapshot)) == ((1_980, 0, 20), Decimal("2475.00"))
    assert [line for line, *_ in desk.aside(snapshot)] == [at + 2 for at in wrong]


def test_a_missing_column_is_refused_with_the_nearest_name(desk):
    with pytest.raises(DataError) as refused:
        desk.load("order_id,date,Quantite\nA1,2024-01-01,1\n", columns={"date": "date", "net_revenue": "Quantity"})
    message = str(refused.value)
    assert message.startswith(
        "sales.csv: no column 'Quantity'. Did you mean 'Quantite'? There are: order_id, date, Quantite."
    )
    assert "Revenue is its sum" in message


def test_a_duplicate_header_name_is_refused_where_it_is_needed(desk):
    text = "date,net_revenue,net_revenue\n2024-01-01,1,2\n"
    with pytest.raises(DataError, match="2 columns are called 'net_revenue'"):
        desk.load(text)
    snapshot = desk.load("date,x,x,net_revenue\n2024-01-01,1,2,3\n")
    assert desk.revenue(snapshot) == 3


def test_columns_are_found_by_name_in_each_file(desk):
    desk.write("a.csv", "date,net_revenue,extra\n2024-01-01,1,z\n\n2024-01-02,x,z\n")
    desk.write("b.csv", "net_revenue,date\n2,2024-02-01\n2,2024-02-31\n")
    snapshot = desk.load(name="*.csv")
    assert desk.revenue(snapshot) == 3
    assert [(row["file"], row["line"]) for row in snapshot.quarantine().to_pyarrow().to_pylist()] == [
        ("a.csv", 4),
        ("b.csv", 3),
    ]
    assert snapshot.report["tables"]["sales"]["not_read"] == ["extra"]
    assert [(f["name"], f["rows"]) for f in snapshot.report["tables"]["sales"]["files"]] == [("a.csv", 2), ("b.csv", 2)]


def test_a_file_that_lacks_a_column_the_others_have_is_refused(desk):
    desk.write("a.csv", "date,net_revenue,channel\n2024-01-01,1,web\n")
    desk.write("b.csv", "date,net_revenue\n2024-01-01,1\n")
    with pytest.raises(DataError, match=r"a\.csv has a column 'channel' and b\.csv has none"):
        desk.load(name="*.csv")


def test_a_file_without_a_header_has_numbered_columns(desk):
    snapshot = desk.load(
        "A1,2024-01-01,1\nA2,2024-01-02,x\n",
        format={"header": False},
        columns={"order_id": "1", "date": "2", "net_revenue": "3"},
    )
    assert desk.column(snapshot, "order_id") == ["A1"]
    assert desk.aside(snapshot) == [(2, "3", "x", "not a number")]


def test_a_file_name_with_wildcards_is_that_file_alone(desk):
    desk.write("a1b.csv", HEAD + "X,2024-01-01,999\n")
    snapshot = desk.load(GOOD, name="a*[1]b.csv")
    assert desk.revenue(snapshot) == Decimal("30.50")


@pytest.mark.parametrize("content", ["", "\n\n\n", HEAD])
def test_a_file_without_a_row_is_refused(desk, content):
    with pytest.raises(DataError, match=r"sales\.csv .*Export it again"):
        desk.load(content)


def test_a_missing_file_is_refused_with_what_the_folder_holds(desk):
    desk.write("sale.csv", GOOD)
    with pytest.raises(DataError) as refused:
        desk.load(name="sales.csv")
    assert "no such file" in str(refused.value)
    assert "Did you mean 'sale.csv'? It holds: sale.csv." in str(refused.value)


def test_a_folder_is_refused_with_what_to_write(desk):
    desk.write("2024/sales.csv", GOOD)
    with pytest.raises(DataError, match=r'2024 is a folder.*files = "2024/\*\.csv"'):
        desk.load(name="2024")
    assert desk.counts(desk.load(name="2024/*.csv")) == (2, 0, 0)


def test_a_leading_exports_means_that_folder(desk):
    desk.write("sales.csv", GOOD)
    assert desk.counts(desk.load(name="exports/*.csv")) == (2, 0, 0)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("sales.xlsx", b"PK\x03\x04....", "damaged or cut.*export it again"),
        ("sales.csv", b"PK\x03\x04....", "damaged or cut.*export it again"),
        ("sales.csv.gz", b"\x1f\x8b....", "damaged or cut"),
        ("sales.parquet", b"order_id,date", "not a Parquet file"),
    ],
)
def test_other_kinds_of_file_are_refused_in_words(desk, name, content, said):
    with pytest.raises(DataError, match=said):
        desk.load(content, name=name)


def test_a_record_without_end_is_refused(desk):
    with pytest.raises(DataError, match="longer than"):
        desk.load(HEAD + "x" * (40 << 20))


def test_text_longer_than_a_block_keeps_its_rows_and_lines(desk):
    rows = [f'"A{i}, with ""quotes""\nand lines",2024-01-01,0.01\n' for i in range(500_000)]
    rows[-2] = "Z,2024-01-01\n"
    snapshot = desk.load(HEAD + "".join(rows))
    assert desk.counts(snapshot) == (499_999, 0, 1)
    assert desk.revenue(snapshot) == Decimal("4999.99")
    assert desk.aside(snapshot)[0][0] == 2 + 2 * 499_998


def test_an_open_quote_swallows_no_more_than_its_line_in_a_long_file(desk):
    rows = [f"A{i},2024-01-01,1\n" for i in range(1_200_000)]
    rows[5] = '"A5,2024-01-01,1\n'
    snapshot = desk.load(HEAD + "".join(rows))
    assert desk.counts(snapshot) == (1_199_999, 0, 1)
    assert desk.aside(snapshot)[0][0] == 7


def test_a_file_of_which_every_record_is_broken_does_not_hide_among_others(desk):
    desk.write("a.csv", GOOD)
    desk.write("b.csv", HEAD + "1,2\n" * 5)
    desk.write("c.csv", HEAD + "A,31/12/2024,1\n" * 3000)
    desk.write("d.csv", HEAD)
    snapshot = desk.load(name="*.csv", max_quarantined=1, format={"date": "%Y-%m-%d"})
    assert desk.counts(snapshot) == (2, 0, 3005)
    assert len(desk.aside(snapshot)) == 3005


def test_the_same_file_twice_is_refused(desk):
    desk.write("sales.csv", GOOD)
    desk.write("sales (1).csv", GOOD)
    with pytest.raises(DataError, match=r"sales \(1\)\.csv and sales\.csv are the same file twice"):
        desk.load(name="*.csv")


def test_a_hidden_file_is_no_export(desk):
    desk.write("sales.csv", GOOD)
    desk.write(".sales.csv", GOOD + "X,2024-12-31,1\n")
    assert desk.counts(desk.load(name="*.csv")) == desk.counts(desk.load(name="sales.csv"))


def test_one_of_several_files_of_which_no_row_can_be_read_is_refused(desk):
    desk.write("a.csv", "date,net_revenue\n2024-01-01,1.50\n2024-01-02,2.50\n")
    desk.write("b.csv", "date,net_revenue\n2024-02-01,x\n2024-02-02,y\n")
    with pytest.raises(DataError, match=r"b\.csv: none of its 2 rows could be accepted \(first: line 2\)"):
        desk.load(name="*.csv")
