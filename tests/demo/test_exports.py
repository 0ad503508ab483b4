"""The demo's exports: what stands in them is the story, to the cent and to the last column, beside the faults."""

import hashlib
from collections import Counter
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest

from perfkit import schema
from perfkit.demo import exports, simulate
from perfkit.demo.exports.faults import Page
from perfkit.demo.exports.forms import french, short, write_text

NO_BREAK = "\N{NO-BREAK SPACE}"


def lines(folder, name, encoding="utf-8"):
    return (folder / "exports" / name).read_bytes().decode(encoding).splitlines()


# ---- each file, as its tool writes it


def test_the_erp_writes_cp1252_semicolons_decimal_commas_and_no_break_spaces(written):
    head, *rows = lines(written, "erp/ventes_2024.csv", "cp1252")
    assert head.startswith("N° pièce;Type pièce;Date facture;") and head.endswith(";Pièce d'origine;Devise")
    assert {row.count(";") for row in rows} == {head.count(";")}
    amounts = [row.split(";")[12] for row in rows[:-1]]
    assert all(amount[-3] == "," for amount in amounts)
    assert any(NO_BREAK in amount for amount in amounts) and rows[-1].startswith("Total général;")


def test_the_shop_writes_what_belongs_to_an_order_on_its_first_line_only(written):
    rows = pd.read_csv(written / "exports/boutique/orders_export.csv", dtype=str, keep_default_na=False)
    assert (rows["Created at"] != "").sum() == (rows["Name"] != rows["Name"].shift()).sum() < len(rows)
    assert rows["Created at"].str.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0[12]00)?").all()
    first = rows[rows["Created at"] != ""]
    parts = sum(first[name].map(Decimal) for name in ("Subtotal", "Shipping", "Taxes"))
    assert (parts == first["Total"].map(Decimal)).all()


def test_a_day_of_summer_is_two_hours_from_utc_and_one_of_winter_one(written):
    rows = pd.read_csv(written / "exports/boutique/orders_export.csv", dtype=str, keep_default_na=False)
    hours = {at[:10]: at[-5:] for at in rows["Created at"] if at}
    assert {hours[day] for day in hours if "2025-03-30" <= day < "2025-10-26"} == {"+0200"}
    assert {hours[day] for day in hours if "2025-10-26" <= day < "2026-03-29"} == {"+0100"}


def test_the_books_are_the_eighteen_columns_of_a_fec_and_balance(written):
    head, *rows = lines(written, "comptabilite/900000001FEC20251231.txt", "iso-8859-15")
    assert head.split("\t")[:5] == ["JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum"]
    cells = [row.split("\t") for row in rows]
    assert {len(each) for each in cells} == {18}
    debit, credit = (sum(Decimal(each[place].replace(",", ".")) for each in cells) for place in (11, 12))
    assert debit == credit > 0


def test_workbooks_have_a_title_above_their_headings_and_sheets_that_are_no_table(written):
    book = openpyxl.load_workbook(written / "exports/referentiels/clients.xlsx", read_only=True)
    assert book.sheetnames == ["Lisez-moi", "Professionnels", "Particuliers"]
    top = [
        [cell for cell in row if cell is not None]
        for row in book["Particuliers"].iter_rows(max_row=5, values_only=True)
    ]
    assert top[0] == ["Clients particuliers"] and top[3] == [] and top[4][0] == "Code client"
    book.close()


def test_analytics_and_ad_platforms_have_their_remarks_above_the_headings(written):
    assert lines(written, "marketing/audience_site.csv")[1] == "# Traffic acquisition"
    assert lines(written, "marketing/depenses_media.csv")[3] == "Day,Channel,Cost type,Amount spent (EUR)"
    assert lines(written, "marketing/depenses_media.csv")[-1].startswith("Total,,,")
    assert (written / "exports/marketing/points_de_contact.csv.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert lines(written, "crm/deals.csv", "utf-8")[0].startswith("\ufeffDeal - ID,Deal - Value,")
    assert "\t" in lines(written, "enquetes/satisfaction.tsv")[0]


# ---- what is in them


ADDED = ("erp-overlap-2024", "erp-late-invoices")
CHANGED = (
    "erp-unknown-customer",
    "erp-unknown-product",
    "erp-trailing-space",
    "erp-no-customer",
    "shop-guests",
    "erp-credit-unlinked",
)


def plain(frame):
    """Rows as texts that do not depend on how a type is stored."""
    shown = {}
    for name in frame.columns:
        values = frame[name]
        if pd.api.types.is_datetime64_any_dtype(values) or (
            values.dropna().map(type).astype(str).str.contains("date").any()
        ):
            values = pd.to_datetime(values)
            shown[name] = values.dt.strftime("%Y-%m-%d %H:%M:%S").astype(object).where(values.notna(), None).tolist()
        else:
            shown[name] = [None if pd.isna(each) else _bare(each) for each in values.astype(object)]
    return Counter(zip(*shown.values(), strict=True))


def _bare(value):
    if isinstance(value, (bool, str)):
        return value
    return f"{Decimal(str(value)):f}".rstrip("0").rstrip(".") if "." in f"{Decimal(str(value)):f}" else str(int(value))


@pytest.mark.parametrize("table", list(schema.TABLES))
def test_every_table_comes_back_as_it_was_simulated_row_for_row(loaded, small_story, truth, table):
    story = small_story.tables[table]
    given = [name for name in story.columns if story[name].notna().any()]
    back = plain(loaded.frame(table)[given])
    there = plain(story[given])
    faults = {fault["id"]: fault["rows"] for fault in truth["faults"] if fault["table"] == table}
    changed = sum(faults.get(name, 0) for name in CHANGED) + faults.get("crm-closed-before-created", 0)
    assert sum((there - back).values()) == changed
    assert sum((back - there).values()) == changed + sum(faults.get(name, 0) for name in ADDED)


def test_the_accepted_sales_are_the_storys_to_the_cent_and_the_faults_that_count(loaded, small_story, truth):
    kept = sum(Decimal(fault["money"]) for fault in truth["faults"] if fault["id"] in ADDED)
    assert loaded.frame("sales")["net_revenue"].sum() == small_story.tables["sales"]["net_revenue"].sum() + kept


def test_the_last_quarter_is_the_storys_to_the_cent(loaded, small_story):
    """What counts without being in the story stands in other quarters: the audit's figures are the story's."""
    period = loaded.period("2026-Q3")
    for start, end in ((period.start, period.end), (period.start.replace(year=2025), period.end.replace(year=2025))):
        story, sales = small_story.tables["sales"], loaded.frame("sales")
        of_story = story[(story["date"] >= str(start)) & (story["date"] < str(end))]
        day = pd.to_datetime(sales["date"])
        here = sales[(day >= str(start)) & (day < str(end))]
        assert (len(here), here["net_revenue"].sum()) == (len(of_story), of_story["net_revenue"].sum())


def test_the_same_story_is_the_same_bytes_and_another_seed_is_other_ones(written, small_story, tmp_path):
    def hashes(folder):
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}

    exports.write(small_story, tmp_path / "again")
    assert hashes(tmp_path / "again") == hashes(written)
    exports.write(simulate(seed=7, scale=0.2), tmp_path / "other")
    other = hashes(tmp_path / "other")
    assert other.keys() == hashes(written).keys()
    assert other["exports/erp/ventes_2025.csv"] != hashes(written)["exports/erp/ventes_2025.csv"]


def test_what_a_killed_run_left_is_swept_and_nothing_is_half_written(small_story, tmp_path):
    (tmp_path / exports.UNFINISHED / "erp").mkdir(parents=True)
    exports.write(small_story, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "exports",
        "company.toml",
        "logo.svg",
        "README.md",
        "audit",
        "truth.json",
    }


# ---- forms and faults, by hand


def test_amounts_are_written_as_french_tools_do():
    assert french(Decimal("1234567.5")) == f"1{NO_BREAK}234{NO_BREAK}567,50"
    assert (french(Decimal("-0.05")), french(Decimal("15.5"), 3)) == ("-0,05", "15,500")
    assert [short(Decimal(each)) for each in ("12.000", "0.250", "100")] == ["12", "0.25", "100"]


def test_a_field_that_holds_the_delimiter_or_a_quote_is_quoted(tmp_path):
    write_text(tmp_path / "a.csv", pd.DataFrame({"a;b": ['x"y', "z"], "c": ["1;2", "3"]}), delimiter=";", line_end="\n")
    assert (tmp_path / "a.csv").read_text() == '"a;b";c\n"x""y";"1;2"\nz;3\n'


def test_a_fault_knows_the_line_on_which_it_stands():
    page = Page(pd.DataFrame({"a": ["1", "2", "3"]}), table="sales", file="f.csv")
    page.declare("x", "kind", "kept", "why", money=Decimal("1.50"))
    page.declare("y", "kind", "kept", "why")
    page.add("x", {"a": "above"}, after=-1)
    page.add("x", {"a": "between"}, after=0)
    page.change("y", 2, {"a": "changed"})
    rows, faults = page.laid_out(first_line=2)
    assert rows["a"].tolist() == ["above", "1", "between", "2", "changed"]
    assert [(fault.id, [place["line"] for place in fault.places]) for fault in faults] == [("x", [2, 4]), ("y", [6])]
    assert (faults[0].rows, faults[0].money) == (2, "1.50")
