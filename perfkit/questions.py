"""Questions: which can the data answer, of how much of sales does each answer speak, what is to be asked for first?"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
from ibis import _

from perfkit.aggregations import aggregation, only
from perfkit.languages import mark, plural, show, text
from perfkit.periods import shifted
from perfkit.results import Field, Result, View, figure_frame

WHOLE = 0.95
"""Below this share of the lines, an answer speaks of a part of the business only."""

_LEAST = 0.001
"""Fewer than one line in a thousand answers nothing."""

_KEYS = {"customers": "sales.customer_id", "products": "sales.product_id"}
"""Lists that stand beside sales, and the column of sales without which they say nothing of any line."""


@dataclass(frozen=True)
class Question:
    """A question of a report, the columns that answer it, and what it is worth to have it answered.

    Attributes
    ----------
    id : str
    words, ask : str
        Message ids: the question, and what to ask the client for.
    needs : tuple
        Columns, all of which it takes; each is a choice of columns, one of which will do.
    weight : int
        How much of the report stands on it: 3 a chapter, 2 a section, 1 a detail.
    others : str
        Message id: what the lines are that an answer in part leaves out.
    """

    id: str
    words: str
    needs: tuple[tuple[str, ...], ...]
    ask: str
    weight: int = 2
    others: str = mark("The other lines of sales do not say it.")


QUESTIONS = (
    Question(
        "revenue",
        mark("What was sold, month by month, on how many working days?"),
        (("sales.date",), ("sales.net_revenue",)),
        mark("the lines of invoices or orders, with their date and net amount"),
        weight=3,
    ),
    Question(
        "year_before",
        mark("Is it more or less than in the same months of the year before?"),
        (("sales.a_year_before",),),
        mark("the lines of the year before as well"),
        weight=3,
        others=mark("The other lines are of months that have no whole month a year before or after in the data."),
    ),
    Question(
        "targets",
        mark("Are we where we planned to be?"),
        (("targets.value",),),
        mark("the monthly budget or targets, at least for revenue"),
        weight=3,
        others=mark("The other lines are of months without a target of revenue."),
    ),
    Question(
        "targets_by_member",
        mark("Which channels, markets, segments or product families miss their own targets?"),
        (("targets.member",),),
        mark("the monthly targets of each channel, market or product family"),
        weight=1,
        others=mark("The other lines are of months, or of members, without a target of their own."),
    ),
    Question(
        "orders",
        mark("How many orders, and of what value?"),
        (("sales.order_id",),),
        mark("the order or invoice number of each line"),
    ),
    Question(
        "customers",
        mark("Who buys: new, returning, lost and large customers?"),
        (("sales.customer_id",),),
        mark("the customer number of each line"),
        weight=3,
    ),
    Question(
        "repeat",
        mark("Do new customers buy again?"),
        (("sales.customer_id",),),
        mark("the customer number of each line"),
        weight=1,
    ),
    Question(
        "walk",
        mark("What do the customers of the year before buy today: more, less, nothing?"),
        (("sales.customer_id",), ("sales.a_year_before",)),
        mark("the lines of two years, with their customer number"),
        others=mark("The other lines have no customer, or no month a year before or after to be compared with."),
    ),
    Question(
        "products",
        mark("Which products grow and decline?"),
        (("sales.product_id",),),
        mark("the product number of each line"),
    ),
    Question(
        "categories",
        mark("Which product families grow and decline?"),
        (("products.category", "sales.category"),),
        mark("the product list with each product's family"),
    ),
    Question(
        "markets",
        mark("Which markets grow and decline?"),
        (("sales.country", "customers.country"),),
        mark("the country of each customer or line"),
    ),
    Question(
        "segments",
        mark("Which customer segments grow and decline?"),
        (("customers.segment", "sales.segment"),),
        mark("the customer list with each customer's segment"),
    ),
    Question(
        "channels",
        mark("Which sales channels grow and decline?"),
        (("sales.channel",),),
        mark("the sales channel of each line"),
    ),
    Question(
        "margin",
        mark("What is earned on what is sold?"),
        (("sales.cost", "products.unit_cost"),),
        mark("the cost of goods of each line, or the unit cost of each product"),
        weight=3,
    ),
    Question(
        "discounts",
        mark("How much is given away in discounts?"),
        (("sales.list_revenue",),),
        mark("the amount of each line at list price, before discounts"),
    ),
    Question(
        "ledger",
        mark("Do sales tie to the books?"),
        (("ledger.account",), ("ledger.debit",), ("ledger.credit",)),
        mark("the accounting entries of the period: the FEC (fichier des écritures comptables)"),
        weight=1,
        others=mark("The other lines are of months in which the ledger has no entry of revenue (accounts 70)."),
    ),
)


@dataclass(frozen=True)
class Ask:
    """One thing to ask a client for: what it is (a message id), and the columns that it gives."""

    words: str
    gives: tuple[str, ...]


ASKS = (
    *dict.fromkeys(Ask(question.ask, tuple(choices[0] for choices in question.needs)) for question in QUESTIONS),
    Ask(
        mark("the customer and order numbers of each line"),
        ("sales.customer_id", "sales.order_id"),
    ),
    Ask(
        mark("the customer list, with each customer's segment and country"),
        ("customers.segment", "customers.country"),
    ),
    Ask(
        mark("the product list, with each product's family and unit cost"),
        ("products.category", "products.unit_cost"),
    ),
)
"""What can be asked for: what one question lacks, and lists that answer several at once."""

_ALIKE = {
    "customers": mark("customer numbers that are written alike in sales and in the list of customers"),
    "products": mark("product numbers that are written alike in sales and in the list of products"),
}
"""What to ask for where a list is there, and its ids are not those of sales (message ids)."""

_THERE = {
    "customers": mark("The list of customers is there, but its customer numbers are not those of sales: see below."),
    "products": mark("The list of products is there, but its product numbers are not those of sales: see below."),
    "targets": mark(
        "Targets are there, but none of the whole company's revenue in a month of which there are sales, or two in "
        "the same month."
    ),
    "targets_by_member": mark(
        "Targets of members are there, but none of revenue in a month and of a channel, market, segment or product "
        "family that sales have."
    ),
    "ledger": mark("The ledger is there, but no entry of revenue (accounts 70) in a month of which there are sales."),
}
"""What is said where a list is there, or what would answer a question (by its id), and matches no line of sales."""


@dataclass(frozen=True)
class Unmatched:
    """A list that was given, though many lines of sales have an id that is not in it.

    Attributes
    ----------
    table : str
        customers or products.
    columns : tuple of str
        What the list holds of each, as "table.column" or "sales.column".
    lines : int
    money : Decimal
        Of sales whose id is not in the list, and their net revenue.
    currency : str
    here, there : str
        Ids as sales write them, and as the list does: the same one where they differ in their writing only.
    cures : tuple of (str, str)
        The tables of company.toml and the lines that would make them alike; empty where no setting does.
    same : bool
        Whether they differ in their writing only.
    partly : bool
        Whether other lines of sales have an id that is in the list.
    """

    table: str
    columns: tuple[str, ...]
    lines: int
    money: Decimal
    currency: str
    here: str
    there: str
    cures: tuple[tuple[str, str], ...] = ()
    same: bool = False
    partly: bool = False

    def sentences(self) -> str:
        """Say how many lines, how both write their ids, and what to type."""
        said = self._count() + " " + text("Sales write {here}, the list {there}.", here=self.here, there=self.there)
        if self.cures:
            (where, write), *others = self.cures
            cure = text("Write in company.toml, under [tables.{where}.columns]: {write}", where=where, write=write)
            for where, write in others:
                cure += text("; and under [tables.{where}.columns]: {write}", where=where, write=write)
        elif self.same:
            cure = text("Export both alike, and load again.")
        elif self.partly:
            cure = text("Ask for a list that is as recent as sales.")
        else:
            key = f"{self.table.removesuffix('s')}_id"
            cure = text(
                "Does another column of one of the exports hold the numbers of the other? Then name it in company.toml "
                "as {key}, under [tables.sales.columns] or [tables.{table}.columns].",
                key=key,
                table=self.table,
            )
        return f"{said} {cure}"

    def _count(self) -> str:
        """How many lines have an id that is not in the list."""
        money = show(self.money, self.currency)
        if self.table == "customers":
            return plural(
                "The customer of {n} line of sales ({money}) is not in the list of customers.",
                "The customers of {n} lines of sales ({money}) are not in the list of customers.",
                self.lines,
                money=money,
            )
        return plural(
            "The product of {n} line of sales ({money}) is not in the list of products.",
            "The products of {n} lines of sales ({money}) are not in the list of products.",
            self.lines,
            money=money,
        )


@dataclass(frozen=True, eq=False)
class Coverage(Result):
    """Which questions the data can answer.

    Attributes
    ----------
    rows : DataFrame, one row a question
        id; question, ask: message ids; answered: bool; share, money: share of the lines of sales, and of their
        amounts (signs ignored), that the answer speaks of, 0 to 1 (missing where there is none); lacking: the
        columns that are absent; there: the list or the question of `_THERE`, else empty.
    ask_first : str
        Message id: the one thing that would answer most, by the weight of the questions; empty if all are answered.
    opens : tuple of str
        Message ids of the questions that it would answer.
    unmatched : tuple of Unmatched
        Lists that are there and whose ids are not those of sales.
    """

    rows: pd.DataFrame
    ask_first: str = ""
    opens: tuple[str, ...] = field(default=())
    unmatched: tuple[Unmatched, ...] = field(default=())

    def figures(self) -> pd.DataFrame:
        """Return the share of lines that can answer each question, and the share of their money."""
        return figure_frame(figure for row in self.rows.to_dict("records") for figure in self._figures(row))

    def _figures(self, row: Mapping[Any, Any]) -> list[dict[str, Any]]:
        common = {
            "unit": "share",
            "status": "observed" if row["answered"] else "not available",
            "reason": "" if row["answered"] else _remark(row),
        }
        lines = common | {
            "figure_id": f"coverage:{row['id']}",
            "kpi": "coverage",
            "estimate": row["share"],
            "basis": text("lines of sales that carry the columns / lines of sales"),
        }
        money = common | {
            "figure_id": f"coverage:{row['id']}:money",
            "kpi": "coverage_money",
            "estimate": row["money"],
            "basis": text("amounts of these lines / amounts of all lines of sales, signs ignored"),
        }
        return [lines, *([money] if row["money"] is not None else [])]

    def views(self) -> list[View]:
        """Return the questions, the answered ones first."""
        rows = self.rows.sort_values("answered", ascending=False, kind="stable")
        shown = pd.DataFrame(
            {
                "question": [text(words) for words in rows["question"]],
                "answer": [_answer(yes, share) for yes, share in zip(rows["answered"], rows["share"], strict=True)],
                "share": rows["share"].to_list(),
                "money": rows["money"].to_list(),
                "ask": [_remark(row) for row in rows.to_dict("records")],
            },
            dtype="object",
        )
        fields = [
            Field("question", text("Question")),
            Field("answer", text("Answered")),
            Field("share", text("Lines of sales, %"), unit="share"),
            *([Field("money", text("Amounts, %"), unit="share")] if rows["money"].notna().any() else []),
            Field("ask", text("What to ask for, or what is left out")),
        ]
        subtitle = text("Question, whether the data answer it, share of sales that the answer covers, what to ask for")
        return [View(self._message(), subtitle, fields, shown, notes=self._notes())]

    def _message(self) -> str:
        answered, total = int(self.rows["answered"].sum()), len(self.rows)
        partly = sum(_in_part(share) for share in self.rows["share"])
        if answered == total and partly:
            return plural(
                "The data answer all {total} questions, {n} of them in part",
                "The data answer all {total} questions, {n} of them in part",
                partly,
                total=total,
            )
        if answered == total:
            return text("The data answer all {total} questions", total=total)
        if not self.ask_first:
            return text("The data answer {n} of {total} questions", n=answered, total=total)
        return text(
            "The data answer {n} of {total} questions; ask first for {what}",
            n=answered,
            total=total,
            what=text(self.ask_first),
        )

    def _notes(self) -> list[str]:
        notes = []
        if self.ask_first:
            notes.append(
                plural(
                    "Ask first for {what}: it answers {n} more question. {questions}",
                    "Ask first for {what}: it answers {n} more questions. {questions}",
                    len(self.opens),
                    what=text(self.ask_first),
                    questions=" ".join(text(words) for words in self.opens),
                )
            )
        if any(_in_part(share) for share in self.rows["share"]):
            notes.append(text("In part: the answer leaves the other lines of sales out."))
        return [*notes, *(each.sentences() for each in self.unmatched)]


def _in_part(share: float | None) -> bool:
    return share is not None and share < WHOLE


def _remark(row: Mapping[Any, Any]) -> str:
    """Return what to ask for where there is no answer, and what an answer in part leaves out."""
    if not row["answered"]:
        return text(_THERE[row["there"]]) if row["there"] else text("Ask for {what}.", what=text(row["ask"]))
    others = {question.id: question.others for question in QUESTIONS}
    return text(others[row["id"]]) if _in_part(row["share"]) else ""


def _answer(answered: bool, share: float | None) -> str:
    if not answered or share is None:
        return text("not yet")
    return text("yes") if share >= WHOLE else text("in part")


def coverage(
    filled: Mapping[str, float],
    money: Mapping[str, float] | None = None,
    unmatched: Sequence[Unmatched] = (),
    given: Collection[str] = (),
) -> Coverage:
    """Say which questions can be answered, and what to ask for first.

    Parameters
    ----------
    filled : mapping of "table.column" to share
        The columns that there are, with the share of the lines of sales that carry a value (0 to 1).
    money : mapping of "table.column" to share, optional
        The same, of the lines' amounts.
    unmatched : sequence of Unmatched, optional
        Lists that are there and whose ids are not those of sales: they are not asked for again.
    given : collection of str, optional
        Ids of questions whose targets or books are there: where they match no line, they are not asked for again.

    See Also
    --------
    carried : both, from a company's tables.
    """
    rows: list[dict[str, Any]] = []
    for question in QUESTIONS:
        lacking = _lacking(question, filled)
        rows.append(
            {
                "id": question.id,
                "question": question.words,
                "ask": question.ask,
                "answered": not lacking,
                "share": None if lacking else _scarcest(question, filled),
                "money": None if lacking or not money else _scarcest(question, money),
                "lacking": ", ".join(lacking),
                "there": _there(question, filled, unmatched, given) if lacking else "",
            }
        )
    there = {column for each in unmatched for column in each.columns}
    there |= {column for each in QUESTIONS if each.id in given for choices in each.needs for column in choices}
    words, opens = _first(filled, unmatched, there)
    return Coverage(pd.DataFrame(rows, dtype="object").astype({"answered": "bool"}), words, opens, tuple(unmatched))


def _there(
    question: Question, filled: Mapping[str, float], unmatched: Sequence[Unmatched], given: Collection[str]
) -> str:
    """What would answer a question if it matched lines of sales: a list, or the question's own id; empty for none."""
    if question.id in given:
        return question.id
    for each in unmatched:
        if not _lacking(question, {**filled, **dict.fromkeys(each.columns, 1.0)}):
            return each.table
    return ""


def _scarcest(question: Question, filled: Mapping[str, float]) -> float:
    return min(max(filled.get(choice, 0.0) for choice in choices) for choices in question.needs)


def _lacking(question: Question, filled: Mapping[str, float]) -> list[str]:
    """Return what a question still takes: of each choice the first column, and the key that joins a list to sales."""
    lacking: list[str] = []
    for choices in question.needs:
        if not any(_says_something(choice, filled) for choice in choices):
            key = _KEYS.get(choices[0].split(".")[0], "")
            lacking += [choices[0], *([key] if key and filled.get(key, 0.0) < _LEAST else [])]
    return lacking


def _says_something(column: str, filled: Mapping[str, float]) -> bool:
    key = _KEYS.get(column.split(".")[0], column)
    return min(filled.get(column, 0.0), filled.get(key, 0.0)) >= _LEAST


def _first(
    filled: Mapping[str, float], unmatched: Sequence[Unmatched], there: Collection[str]
) -> tuple[str, tuple[str, ...]]:
    """Return the one thing that answers most, and the questions that it answers; of two alike the smaller request."""
    unanswered = [question for question in QUESTIONS if _lacking(question, filled)]
    best: tuple[int, int, str, tuple[str, ...]] = (0, 0, "", ())
    asks = [(Ask(_ALIKE[each.table], each.columns), 0) for each in unmatched]
    asks += [(ask, len(ask.gives)) for ask in ASKS if not set(ask.gives) & set(there)]
    for ask, cost in asks:
        given = {**filled, **dict.fromkeys(ask.gives, 1.0)}
        opened = [question for question in unanswered if not _lacking(question, given)]
        size = (sum(question.weight for question in opened), -cost)
        if opened and size > best[:2]:
            best = (*size, ask.words, tuple(question.words for question in opened))
    return best[2], best[3]


# ---- What a company's tables carry


def carried(
    lines: ibis.Table, *, targets: pd.DataFrame, books: ibis.Table | None = None, observed_until: dt.date | None = None
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the share of the lines of sales, and of their amounts, of which each column says something.

    Parameters
    ----------
    lines : table
        Sales with the columns of the lists of customers and products beside them, NULL where a line has no match.
    targets : DataFrame
        kpi, period (first day of the month), value, dimension, member.
    books : table, optional
        The entries of the ledger.
    observed_until : date, optional
        Last complete day, after which no month is set against another; the last day of the lines by default.
    """
    names = ["date", "net_revenue", *(name for name in _COLUMNS if name in lines.columns)]
    totals = only(_filled(lines, names))
    every, amounts = int(totals["lines"]), totals["amounts"] or Decimal(0)
    counts = {f"sales.{name}": (int(totals[f"{name}_lines"]), totals[f"{name}_amounts"]) for name in names}
    if {"unit_cost", "quantity"} <= set(lines.columns):
        counts["products.unit_cost"] = (int(totals["costed_lines"]), totals["costed_amounts"])
    if every:
        counts |= _by_months(_months(lines), targets, books, observed_until or totals["last"])
        counts["targets.member"] = _by_members(lines, targets)
    share = {column: lines_ / every for column, (lines_, _amounts) in counts.items() if every}
    money = {column: float((part or Decimal(0)) / amounts) for column, (_lines, part) in counts.items() if amounts}
    return share, money


_COLUMNS = (
    "order_id", "customer_id", "product_id", "category", "country", "segment", "channel", "cost", "list_revenue",
)  # fmt: skip
"""Columns of a line that questions ask for, its own or its customer's and product's."""

_SHOWN = ("channel", "country", "segment", "category")
"""Dimensions by which a report sets revenue against the targets of their members."""

Counts = tuple[int, Decimal | None]


@aggregation
def _filled(lines: ibis.Table, names: Sequence[str]) -> ibis.Table:
    """Count the lines that carry each column, and add up their amounts, signs ignored."""
    amount = _.net_revenue.abs()
    wanted: dict[str, Any] = {"lines": _.count(), "amounts": amount.sum(), "last": _.date.max()}
    for name in names:
        wanted |= {f"{name}_lines": _[name].count(), f"{name}_amounts": amount.sum(where=_[name].notnull())}
    if {"unit_cost", "quantity"} <= set(lines.columns):
        costed = _.unit_cost.notnull() & _.quantity.notnull()
        costed = costed | _.cost.notnull() if "cost" in lines.columns else costed
        wanted |= {"costed_lines": _.count(where=costed), "costed_amounts": amount.sum(where=costed)}
    return lines.agg(**wanted)


@aggregation
def _months(lines: ibis.Table) -> ibis.Table:
    return lines.group_by(month=_.date.truncate("M")).agg(lines=_.count(), amounts=_.net_revenue.abs().sum())


@aggregation
def _months_of_members(lines: ibis.Table, dimension: str) -> ibis.Table:
    return (
        lines.filter(_[dimension].notnull())
        .group_by(month=_.date.truncate("M"), member=_[dimension].cast("string"))
        .agg(lines=_.count(), amounts=_.net_revenue.abs().sum())
    )


@aggregation
def _months_of_revenue(books: ibis.Table) -> ibis.Table:
    return books.filter(_.account.startswith("70")).select(month=_.date.truncate("M")).distinct()


def _by_months(
    sales: pd.DataFrame, targets: pd.DataFrame, books: ibis.Table | None, observed_until: dt.date
) -> dict[str, Counts]:
    """Count the lines of months that are compared over a year, have a target of revenue, or entries of revenue."""
    sales = sales.assign(month=pd.to_datetime(sales["month"]).dt.date)
    there = set(sales["month"])
    complete = {month for month in there if shifted(month, 1) <= observed_until + dt.timedelta(days=1)}
    compared = {month for month in complete if shifted(month, -12) in complete}
    planned = targets[(targets["kpi"] == "revenue") & targets["dimension"].isna() & targets["value"].notna()]
    counts = {
        "sales.a_year_before": _among(sales, compared | {shifted(month, -12) for month in compared}),
        "targets.value": _among(sales, set(pd.to_datetime(planned["period"]).dt.date)),
    }
    if books is not None:
        booked = _among(sales, set(pd.to_datetime(_months_of_revenue(books)["month"]).dt.date))
        counts |= {f"ledger.{name}": booked for name in ("account", "debit", "credit") if name in books.columns}
    return counts


def _by_members(lines: ibis.Table, targets: pd.DataFrame) -> Counts:
    """Count the lines whose channel, market ... has a target of revenue in their month: the best dimension counts."""
    found: list[Counts] = [(0, Decimal(0))]
    own = targets[(targets["kpi"] == "revenue") & targets["value"].notna() & targets["member"].notna()]
    for dimension in own["dimension"].dropna().unique():
        if dimension in _SHOWN and dimension in lines.columns:
            sales = _months_of_members(lines, dimension)
            sales["month"] = pd.to_datetime(sales["month"]).dt.date
            planned = own[own["dimension"] == dimension]
            pairs = set(zip(pd.to_datetime(planned["period"]).dt.date, planned["member"], strict=True))
            here = [pair in pairs for pair in zip(sales["month"], sales["member"], strict=True)]
            found.append((int(sales.loc[here, "lines"].sum()), sum(sales.loc[here, "amounts"], Decimal(0))))
    return max(found, key=lambda counts: counts[0])


def _among(sales: pd.DataFrame, months: Collection[dt.date]) -> Counts:
    here = sales[sales["month"].isin(list(months))]
    return int(here["lines"].sum()), sum(here["amounts"], Decimal(0))
