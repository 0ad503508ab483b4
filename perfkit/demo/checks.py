"""Checks: did loading the demo's exports find the planted faults, all of them and nothing else?

Each way in which a load speaks of a row is held against truth.json: what was set aside and where it stands, what
was left out and by which rule, what the totals rows say, which lines two files share, which ids are in no list;
and what nobody could see but who planted it is looked up in the tables. Last, every table's rows and money are
those of the clean story and of the faults that a load lets count.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import pandas as pd
from ibis import _

from perfkit.company import Company
from perfkit.demo.exports import TRUTH
from perfkit.demo.fingerprints import COLUMNS, faulty_documents, fingerprints
from perfkit.errors import ParameterError

Faults = list[dict[str, Any]]


def truth_of(folder: Path) -> dict[str, Any]:
    """Read truth.json of a demo's folder.

    Raises
    ------
    ParameterError
        If there is none, or it lists no faults.
    """
    path = folder / TRUTH
    try:
        truth: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        truth["company"], truth["ledger"], truth["clean"], truth["faults"]
    except FileNotFoundError:
        raise ParameterError(f"{folder} holds no {TRUTH}: it is no demo. Make one with: perfkit demo PATH") from None
    except (ValueError, KeyError, TypeError):
        raise ParameterError(f"{path} cannot be read: make the demo again with: perfkit demo {folder}") from None
    return truth


def differences(acme: Company, truth: dict[str, Any]) -> list[str]:
    """Return in words how what a load found differs from what was planted; empty where it is the same.

    Parameters
    ----------
    acme : Company
        The demo, loaded.
    truth : dict
        As `truth_of` returns it.
    """
    faults: Faults = truth["faults"]
    report = acme.snapshot.report["tables"]
    return [
        *_set_aside(acme, faults),
        *_left_out(report, faults),
        *_totals(report, faults),
        *_overlaps(report, faults),
        *_strangers(report, faults),
        *_told(report, faults),
        *_kept(acme, faults),
        *_clean(report, truth["clean"], faults),
        *_months(acme, truth, faults),
        *_columns(acme, truth, faults),
        *_books(acme, truth["ledger"]),
        *_charges(acme, truth["ledger"]),
    ]


def _of(faults: Faults, *, effect: str = "", kinds: Iterable[str] = ()) -> Faults:
    return [
        fault for fault in faults if (not effect or fault["effect"] == effect) and (not kinds or fault["kind"] in kinds)
    ]


def _compared(what: str, planted: Counter[Any], found: Counter[Any], faults_by: dict[Any, str]) -> Iterator[str]:
    """Say what was planted and not found, and what was found and not planted."""
    for key in planted - found:
        missing = (planted - found)[key]
        who = faults_by.get(key, "a planted fault")
        yield f"{who}: {what} {_shown(key)} was planted {_times(missing)}and not found."
    for key in found - planted:
        more = (found - planted)[key]
        yield f"{what} {_shown(key)} was found {_times(more)}and not planted."


def _times(number: int) -> str:
    return "" if number == 1 else f"{number} times more "


def _shown(key: tuple[Any, ...]) -> str:
    return "(" + ", ".join(str(part) for part in key if part not in (None, "")) + ")"


def _set_aside(acme: Company, faults: Faults) -> Iterator[str]:
    """Rows in the quarantine: table, file, sheet, line and reason of each."""
    rows = acme.snapshot.quarantine().select("table", "file", "sheet", "line", "reason").to_pyarrow().to_pylist()
    found = Counter((row["table"], row["file"], row["sheet"], row["line"], row["reason"]) for row in rows)
    planted: Counter[Any] = Counter()
    ids: dict[Any, str] = {}
    for fault in _of(faults, effect="set aside"):
        for place in fault["places"]:
            key = (fault["table"], place["file"], place["sheet"], place["line"], fault["reason"])
            planted[key] += 1
            ids[key] = fault["id"]
    yield from _compared("a row set aside", planted, found, ids)


def _left_out(report: dict[str, Any], faults: Faults) -> Iterator[str]:
    """Rows left out by a rule: how many of each, and their money where the rule is no automatic one."""
    planted: dict[tuple[str, str], tuple[int, Decimal, list[str]]] = {}
    for fault in _of(faults, effect="left out"):
        key = (fault["table"], fault["reason"])
        rows, money, ids = planted.get(key, (0, Decimal(0), []))
        planted[key] = (rows + fault["rows"], money + Decimal(fault["money"] or 0), [*ids, fault["id"]])
    found: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for table, counts in report.items():
        for rule in counts["excluded"]["rules"]:
            rows, money = found.get((table, rule["because"]), (0, Decimal(0)))
            amount = next(iter(rule["sums"].values()), "0") if table != "sales" else rule["sums"]["net_revenue"]
            found[table, rule["because"]] = (rows + rule["rows"], money + Decimal(amount))
    for key in sorted({*planted, *(key for key, (rows, _money) in found.items() if rows)}):
        rows, money, ids = planted.get(key, (0, Decimal(0), []))
        there, amount = found.get(key, (0, Decimal(0)))
        if (rows, money) != (there, amount):
            who = ", ".join(ids) or "nothing planted"
            yield (
                f"{who}: the rule {key[1]!r} of {key[0]} left out {there} rows ({amount:f}), "
                f"and {rows} ({money:f}) were planted."
            )


def _totals(report: dict[str, Any], faults: Faults) -> Iterator[str]:
    """What totals rows say, and whether the rows agree."""
    found = Counter(
        (table, each["file"], Decimal(each["stated"]), each["ties"])
        for table, counts in report.items()
        for each in counts["totals"]
    )
    planted: Counter[Any] = Counter()
    ids: dict[Any, str] = {}
    for fault in _of(faults, kinds=["a totals row"]):
        key = (fault["table"], fault["file"], Decimal(fault["more"]["stated"]), fault["more"]["ties"])
        planted[key] += 1
        ids[key] = fault["id"]
    yield from _compared("a totals row", planted, found, ids)


def _overlaps(report: dict[str, Any], faults: Faults) -> Iterator[str]:
    """Lines that stand in two files."""
    found = Counter(
        (table, each["first"], each["second"], each["rows"], Decimal(each["money"] or 0))
        for table, counts in report.items()
        for each in counts["overlaps"]
    )
    planted: Counter[Any] = Counter()
    ids: dict[Any, str] = {}
    for fault in _of(faults, kinds=["a re-exported overlap"]):
        key = (fault["table"], fault["more"]["first"], fault["more"]["second"], fault["rows"], Decimal(fault["money"]))
        planted[key] += 1
        ids[key] = fault["id"]
    yield from _compared("an overlap of two files", planted, found, ids)


_UNLISTED = ("unknown customers", "unknown products", "trailing spaces")


def _strangers(report: dict[str, Any], faults: Faults) -> Iterator[str]:
    """Ids of sales that no list has: ids, rows, money, and how many are like a known one."""
    found = {
        each["key"]: (each["ids"], each["rows"], Decimal(each["money"]), (each["alike"] or {"ids": 0})["ids"])
        for each in report["sales"]["strangers"]
    }
    planted: dict[str, tuple[int, int, Decimal, int]] = {}
    names: dict[str, list[str]] = {}
    for fault in _of(faults, kinds=_UNLISTED):
        key = fault["more"]["key"]
        ids, rows, money, alike = planted.get(key, (0, 0, Decimal(0), 0))
        like = len(fault["ids"]) if fault["kind"] == "trailing spaces" else 0
        more = Decimal(fault["money"])
        planted[key] = (ids + len(fault["ids"]), rows + fault["rows"], money + more, alike + like)
        names.setdefault(key, []).append(fault["id"])
    for key in sorted({*planted, *found}):
        if planted.get(key) != found.get(key):
            yield (
                f"{', '.join(names.get(key, [])) or 'nothing planted'}: {key} in no list: found "
                f"{_counts(found.get(key))}, planted {_counts(planted.get(key))}."
            )


def _counts(said: tuple[int, int, Decimal, int] | None) -> str:
    if said is None:
        return "none"
    ids, rows, money, alike = said
    return f"{ids} ids on {rows} rows ({money:f}), {alike} of them like a known one"


def _told(report: dict[str, Any], faults: Faults) -> Iterator[str]:
    """What a load only tells in a notice."""
    for fault in _of(faults, effect="told"):
        if not any(fault["reason"] in notice for notice in report[fault["table"]]["notices"]):
            yield f"{fault['id']}: no notice on {fault['table']} says: {fault['reason']}"


def _kept(acme: Company, faults: Faults) -> Iterator[str]:
    """What a load lets count without a word, looked up in the tables."""
    sales = acme.table("sales")
    anonymous = _of(faults, kinds=["missing customer ids"])
    yield from _counted(sales.filter(_.customer_id.isnull()), anonymous, "lines without a customer", _ids(anonymous))
    late = _of(faults, kinds=["late invoices"])
    yield from _counted(
        sales.filter(_.date > acme.observed_until), late, "lines after the last complete day", _ids(late)
    )
    deals = acme.table("opportunities")
    turned = _of(faults, kinds=["deals closed before they were created"])
    wrong = set(deals.filter(_.closed_at < _.created_at).opportunity_id.to_pyarrow().to_pylist())
    expected = {id_ for fault in turned for id_ in fault["ids"]}
    if wrong != expected:
        what = "deals closed before they were created"
        yield f"{_ids(turned)}: {what}: found {sorted(wrong)}, planted {sorted(expected)}."
    unlinked = _of(faults, kinds=["credit notes of an unknown document"])
    yield from _counted(
        sales.filter((_.document == "credit") & _.origin_id.isnull()),
        unlinked,
        "credit notes that name no document",
        _ids(unlinked),
    )
    for fault in _of(faults, kinds=["lost leading zeros"]):
        yield from _repaired(acme, fault)


def _counted(rows: Any, faults: Faults, what: str, names: str) -> Iterator[str]:
    """Hold rows of sales and their money against faults."""
    found = rows.agg(rows=_.count(), money=_.net_revenue.sum()).to_pyarrow().to_pylist()[0]
    there = (found["rows"], found["money"] or Decimal(0))
    planted = (sum(fault["rows"] for fault in faults), sum((Decimal(fault["money"]) for fault in faults), Decimal(0)))
    if there != planted:
        who = names or "nothing planted"
        yield f"{who}: {what}: found {there[0]} ({there[1]:f}), planted {planted[0]} ({planted[1]:f})."


def _repaired(acme: Company, fault: dict[str, Any]) -> Iterator[str]:
    """Codes whose zeros were put back: each begins with one and is of five digits again."""
    column = fault["more"]["column"]
    rows = acme.table(fault["table"]).filter(_.customer_id.isin(fault["ids"]))[column].to_pyarrow().to_pylist()
    whole = [code for code in rows if code and len(code) == 5 and code[0] == "0"]
    if len(rows) != fault["rows"] or len(whole) != len(rows):
        yield f"{fault['id']}: {len(whole)} of {fault['rows']} codes have their leading zero again."


def _ids(faults: Faults) -> str:
    return ", ".join(fault["id"] for fault in faults) or "nothing planted"


_ADDED = ("a re-exported overlap", "late invoices")
"""Kinds of faults that are rows more than the story has, and count."""


def _clean(report: dict[str, Any], clean: dict[str, Any], faults: Faults) -> Iterator[str]:
    """Every table's accepted rows and money: the story's and those of the faults that count."""
    for table in sorted({*report, *clean}):
        if table not in report or table not in clean:
            yield f"{table}: {'not loaded' if table in clean else 'not in the story'}."
            continue
        added = [fault for fault in _of(faults, kinds=_ADDED) if fault["table"] == table]
        rows = clean[table]["rows"] + sum(fault["rows"] for fault in added)
        accepted = report[table]["accepted"]
        if accepted["rows"] != rows:
            yield f"{table}: {accepted['rows']} rows count, and the story with its kept faults has {rows}."
        if clean[table]["money"] is not None:
            money = sum((Decimal(fault["money"]) for fault in added), Decimal(clean[table]["money"]))
            there = Decimal(next(iter(accepted["sums"][name] for name in _money(table))))
            if there != money:
                yield f"{table}: {there:f} counts, and the story with its kept faults has {money:f}."


def _months(acme: Company, truth: dict[str, Any], faults: Faults) -> Iterator[str]:
    """Revenue month by month: the story's and that of the faults that count.

    Late invoices come after the last complete day, and lines that stand in two files are those of the first, so
    that their month is looked up by the documents that the fault names.
    """
    if "net_revenue_by_month_euros" not in truth.get("totals", {}):
        return
    sales = acme.table("sales").filter(_.date.cast("date") <= acme.observed_until)
    sales = sales.mutate(month=_.date.truncate("M"))
    found = _by_month(sales)
    planted = {month: Decimal(euros) for month, euros in truth["totals"]["net_revenue_by_month_euros"].items()}
    for fault in _of(faults, kinds=["a re-exported overlap"]):
        there = sales.filter(_.order_id.isin(fault["ids"]))
        twice = (
            there.group_by("order_id", "product_id", "month").having(_.count() > 1).agg(net_revenue=_.net_revenue.sum())
        )
        # Half of what stands twice is the fault's, in the month where it stands; other lines of a document stand once.
        for month, money in _by_month(twice).items():
            planted[month] = planted.get(month, Decimal(0)) + money / 2
    for month in sorted({*planted, *found}):
        there, meant = found.get(month, Decimal(0)), planted.get(month, Decimal(0))
        if there != meant:
            yield f"sales of {month}: {there:f} counts, and the story with its kept faults has {meant:f}."


def _by_month(sales: Any) -> dict[str, Decimal]:
    rows = sales.group_by("month").agg(amount=_.net_revenue.sum()).to_pyarrow().to_pylist()
    return {f"{row['month']:%Y-%m}": row["amount"] for row in rows}


def _columns(acme: Company, truth: dict[str, Any], faults: Faults) -> Iterator[str]:
    """Every column of sales, month by month: what moves no sum, such as a day, a customer or a quantity, shows too."""
    planted = truth.get("fingerprints", {}).get("by_column_and_month", {})
    found = fingerprints(_lines(acme), faulty_documents(faults)) if planted else {}
    for column in found:
        here, meant = found[column], planted.get(column, {})
        months = [month for month in sorted({*here, *meant}) if here.get(month) != meant.get(month)]
        if months:
            yield (
                f"sales: {column} is not the story's in {', '.join(months)}, in documents of which no planted fault "
                "speaks."
            )


def _lines(acme: Company) -> pd.DataFrame:
    """The loaded lines for `fingerprints`, their amounts as whole ten-thousandths."""
    sales = acme.table("sales").select("order_id", *COLUMNS)
    amounts = {name: (sales[name] * 10_000).cast("int64") for name in COLUMNS if sales[name].type().is_decimal()}
    days = {name: sales[name].cast("timestamp") for name in COLUMNS if sales[name].type().is_date()}
    frame: pd.DataFrame = sales.mutate(**amounts, **days).to_pyarrow().to_pandas()
    return frame


def _money(table: str) -> list[str]:
    from perfkit.schema import TABLES

    return [name for name in (TABLES[table].money,) if name]


def books_gap(truth: dict[str, Any]) -> dict[str, Decimal]:
    """Return by month what the books hold more than sales, all planted causes together."""
    return _gap(truth["ledger"])


def _gap(truth: dict[str, Any]) -> dict[str, Decimal]:
    """Sum all causes of one part of the truth by month."""
    gap: dict[str, Decimal] = {}
    for months in truth["by_cause_and_month_euros"].values():
        for month, amount in months.items():
            gap[month] = gap.get(month, Decimal(0)) + Decimal(amount)
    return {month: amount for month, amount in gap.items() if amount}


def _books(acme: Company, truth: dict[str, Any]) -> Iterator[str]:
    """Revenue accounts against sales, month by month: they differ by the causes of the story, to the cent."""
    booked = _of_accounts(acme, ("70",))
    sold = _summed(acme.table("sales"), "date", _.net_revenue)
    yield from _tied(acme, truth["first_month"], booked, sold, _gap(truth), "books", "sales")


_CHARGES = ("60", "61", "62", "63", "64", "65", "681")


def _charges(acme: Company, truth: dict[str, Any]) -> Iterator[str]:
    """Accounts of costs against goods sold, costs and spend: a demo made before they were booked does not say."""
    if "costs" not in truth:
        return
    borne: dict[str, Decimal] = {}
    for table, day, column in (("sales", "date", "cost"), ("costs", "period", "amount"), ("spend", "date", "amount")):
        for month, amount in _summed(acme.table(table), day, _[column]).items():
            borne[month] = borne.get(month, Decimal(0)) - amount
    booked = _of_accounts(acme, _CHARGES)
    yield from _tied(
        acme, truth["first_month"], booked, borne, _gap(truth["costs"]), "costs in the books", "the tables"
    )


def _of_accounts(acme: Company, starts: tuple[str, ...]) -> dict[str, Decimal]:
    """Credit less debit by month of the accounts that begin so."""
    ledger = acme.table("ledger")
    there = ledger.filter(reduce(or_, (ledger.account.startswith(start) for start in starts)))
    return _summed(there, "date", _.credit - _.debit)


def _summed(rows: Any, day: str, amount: Any) -> dict[str, Decimal]:
    return _by_month(rows.select(month=rows[day].truncate("M"), net_revenue=amount))


def _tied(
    acme: Company,
    first: str,
    booked: dict[str, Decimal],
    known: dict[str, Decimal],
    planted: dict[str, Decimal],
    what: str,
    against: str,
) -> Iterator[str]:
    """Say in which months the books differ from what is known by anything but what was planted."""
    for month in sorted({*booked, *known}):
        if first <= month <= f"{acme.observed_until:%Y-%m}":
            gap = booked.get(month, Decimal(0)) - known.get(month, Decimal(0))
            if gap != planted.get(month, Decimal(0)):
                yield (
                    f"the {what} of {month} hold {gap:+f} against {against}, and the causes of the story are "
                    f"{planted.get(month, Decimal(0)):+f}."
                )
