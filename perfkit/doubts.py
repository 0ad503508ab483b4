"""What is doubtful in a company's data, told before any figure is read."""

import json
from collections.abc import Mapping, Sequence
from contextvars import copy_context
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from ibis import _

from perfkit import languages, months, periods, questions
from perfkit.errors import DataError, ParameterError, nearest
from perfkit.languages import listing, plural
from perfkit.periods import Period
from perfkit.sources import counting_days, placeholders, spellings, states
from perfkit.sources.names import visible
from perfkit.sources.presets import presetting
from perfkit.sources.settings import blocks
from perfkit.sources.strangers import cure

if TYPE_CHECKING:
    from perfkit.company import Company

SHOWN = 5
"""Labels of targets that are named."""

AROUND = 3
"""Months on each side of a silent one that must have sold for it to be missed."""


def notices(company: "Company") -> list[str]:
    """Return what a person should know before any figure is read, a sentence each."""
    return [
        *_of_months(company),
        *_of_ids(company),
        *_of_spellings(company),
        *_of_numbers(company),
        *_of_repeats(company),
        *_of_states(company),
        *_of_days(company),
        *_of_targets(company),
        *_of_levels(company),
        *_of_drivers(company),
        *_of_words(company),
        *_of_parts(company),
    ]


def silent_months(company: "Company") -> tuple[Period, ...]:
    """Return the months without a line of sales, where the months around them sell."""
    held, sold = company.months(), company.sold_months
    sells = [month.start in sold for month in held]
    missed = {month.start for month in months.silent_months(held, {(day.year, day.month) for day in sold})}
    return tuple(month for place, month in enumerate(held) if month.start in missed and _sells_around(sells, place))


def _sells_around(sells: Sequence[bool], place: int) -> bool:
    """Say whether the months before and after a run of silent ones all sold."""
    first, last = place, place
    while first > 0 and not sells[first - 1]:
        first -= 1
    while last + 1 < len(sells) and not sells[last + 1]:
        last += 1
    return all(sells[max(first - AROUND, 0) : first]) and all(sells[last + 1 : last + 1 + AROUND])


def _of_months(company: "Company") -> list[str]:
    silent = silent_months(company)
    said = []
    if company.starts_late and company.first_day:
        first = company.first_day
        said.append(
            f"The data start on {first}, after the first working day of {periods.month_of(first).name()}, and the "
            "months after it sell on theirs: it counts as a part of a month, and its reports say from which day. Ask "
            f"for the lines since {first.replace(day=1)}, and load again."
        )
    if not silent:
        return said
    return [
        *said,
        plural(
            "No line of sales is dated in {months}, and the months around it sell. Is an export missing? Ask for "
            "that month, and load again. If nothing was sold in it, nothing is to be done.",
            "No line of sales is dated in {months}, and the months around them sell. Is an export missing? Ask for "
            "these {n} months, and load again. If nothing was sold in them, nothing is to be done.",
            len(silent),
            months=listing(month.name() for month in silent),
        ),
    ]


def _of_ids(company: "Company") -> list[str]:
    """The ids that are a word for nobody."""
    said = []
    for each in placeholders.found(company.snapshot):
        word = _quoted(each["id"])
        mend = f'write in [tables.sales]: format = {{ null = ["", {word}] }}'
        if each["id"] == "0":  # a quantity or an amount of zero would be missing too
            mend = "ask for an export that leaves the cell empty"
        said.append(
            f"{each['rows']:,} lines of sales ({each['share']:.1%}) have {word} as {each['key']}, which is taken for "
            f"one {each['key'].removesuffix('_id')} like any other. If it means that there is none, {mend}."
        )
    return said


def _of_spellings(company: "Company") -> list[str]:
    """The ids that count as several because they are written in several ways."""
    said = []
    for each in spellings.found(company.snapshot):
        key, several = each["key"], each["ids"] > 1
        name = key.removesuffix("_id")
        pairs = ", ".join(f"{_quoted(one)} and {_quoted(other)}" for one, other in each["first"])
        more = "first: " if each["ids"] > len(each["first"]) else ""
        also = [table for table in company.snapshot.names if table != "sales" and key in company.table(table).columns]
        listed = f", and likewise under {listing(f'[tables.{table}.columns]' for table in also)}" if also else ""
        if key == "order_id" and "origin_id" in company.table("sales").columns:
            listed += ", and for origin_id"
        said.append(
            f"{each['ids']:,} {name}{'s' if several else ''} of sales {'are' if several else 'is'} written in several "
            f"ways that differ only in {'case or spaces' if each['cased'] else 'spaces around them'} ({more}{pairs}), "
            f"and count{'' if several else 's'} as {each['written']:,}: {each['rows']:,} lines, {each['money']:,.2f} "
            f"{company.currency}. If they are the same, write under [tables.sales.columns]: {key} = {{ column = "
            f'{_heading(company, "sales", key)}, case = "upper" }}{listed}.'
        )
    return said


def _of_levels(company: "Company") -> list[str]:
    """The kinds of [levels] that no cost has: it then keeps the level of its table, in silence."""
    levels = company.settings.levels
    held = _kinds(company) if levels else {}
    known = list(held)
    said = []
    for kind, level in levels.items():
        if kind in held:
            continue
        others = [each for each in known if each not in levels]
        guess = nearest(kind, others)
        what = f"no cost is of the kind {kind!r}, so {level!r} is said of nothing" if known else (
            f"there is neither costs nor spend, so {kind!r} is said of nothing"
        )  # fmt: skip
        meant = f" Did you mean {guess!r}? It counts as {' and '.join(held[guess])} until then." if guess else ""
        there = (
            f" Write one that is there, letter for letter: {', '.join(map(_quoted, others[:20]))}." if others else ""
        )
        said.append(f"company.toml, [levels] {kind}: {what}.{meant}{there}")
    return said


def _kinds(company: "Company") -> dict[str, list[str]]:
    """The kinds of costs and of spend, each with the levels at which its rows stand now."""
    costs = company.costs()
    if costs is None:
        return {}
    pairs = costs.select("kind", "level").distinct().order_by("kind", "level").to_pyarrow().to_pylist()
    held: dict[str, list[str]] = {}
    for each in pairs:
        held.setdefault(each["kind"] or "", []).append(each["level"] or "no level")
    return held


def _of_drivers(company: "Company") -> list[str]:
    """The words of the costs' driver that are no driver's: what they spread stays unallocated."""
    from perfkit.margins.profitability.drivers import WORDS, called  # here, because the analyses need time to load

    if "costs" not in company.snapshot.names or "driver" not in company.table("costs").columns:
        return []
    costs = company.table("costs")
    said = []
    counted = costs.filter(_.driver.notnull(), _.driver.strip() != "").group_by("driver")
    for each in counted.agg(rows=_.count(), money=_.amount.sum()).order_by("driver").to_pyarrow().to_pylist():
        word = each["driver"]
        like = get_close_matches(called(word), WORDS, n=1, cutoff=VERY_LIKE)
        if not like or called(word) in WORDS.values():
            continue  # a word of the company's own, whose units are given to profitability.by
        guess = like[0]
        said.append(
            f"costs: no driver {word!r} ({each['rows']:,} row{'s' if each['rows'] > 1 else ''}, "
            f"{each['money']:,.2f} {company.currency}). Did you mean "
            f"{guess!r}? What no driver spreads stays unallocated. If so, write under [tables.costs.columns]: driver = "
            f"{{ column = {_heading(company, 'costs', 'driver')}, "
            f"values = {{ {_quoted(word)} = {_quoted(WORDS[guess])} }} }}."
        )
    return said


VERY_LIKE = 0.75
"""How like a driver's word another is that is probably that word, misspelt; 1 is the same."""

MANY_WORDS = 200
"""Different texts of a column from which it is no column of words."""


def _of_words(company: "Company") -> list[str]:
    """The words that a mapping gives a meaning to and no cell holds, where a like one is there and keeps its own."""
    said = []
    for table, declared in company.settings.tables.items():
        for block in blocks(declared):
            for name, mapping in block.columns.items():
                if not mapping.values or name not in company.table(table).columns:
                    continue
                said += _unmet(company, table, name, dict(mapping.values))
    return list(dict.fromkeys(said))


def _unmet(company: "Company", table: str, column: str, values: dict[str, str]) -> list[str]:
    held = company.table(table).group_by(word=_[column].cast("string")).agg(rows=_.count()).limit(MANY_WORDS + 1)
    rows = {str(each["word"]): each["rows"] for each in held.to_pyarrow().to_pylist() if each["word"] is not None}
    met = {said.strip().casefold() for said in values} | {meant.strip().casefold() for meant in values.values()}
    raw = [word for word in rows if word.strip().casefold() not in met]
    if len(rows) > MANY_WORDS or not raw:
        return []
    said = []
    for word, meant in values.items():
        guess = nearest(word, raw) if meant not in rows else None
        if guess:
            said.append(
                f"company.toml, [tables.{table}.columns] {column}: no cell says {word!r}, and {rows[guess]:,} rows say "
                f"{guess!r}, which stays as it is. If it is the same word, write: values = {{ {_quoted(guess)} = "
                f"{_quoted(meant)} }}."
            )
    return said


def _of_numbers(company: "Company") -> list[str]:
    """The order numbers under which several orders run into one another."""
    sales = company.snapshot.report["tables"]["sales"]
    each = sales.get("numbers")
    if not each:
        return []
    join = ", ".join(_made_from(sales, name) for name in ("order_id", "date"))
    more = "first: " if each["numbers"] > len(each["first"]) else ""
    return [
        f"{each['numbers']:,} of {each['of']:,} order numbers may stand for several orders ({more}"
        f"{', '.join(each['first'])}; {each['rows']:,} lines, {Decimal(each['money']):,.2f} {company.currency}): "
        f"{each['customers']:,} name several customers, {each['apart']:,} bear purchases more than {each['days']} days "
        "apart. Numbers that begin anew each year, or that two tools share, make too few orders, and too large ones. "
        f"If that is so, write under [tables.sales.columns]: order_id = {{ join = [{join}] }}; or ask for an export "
        "with the year, the series or the shop in the number."
    ]


def _of_repeats(company: "Company") -> list[str]:
    """The documents that stand several times in one file and count each time."""
    said = []
    for each in company.snapshot.report["tables"]["sales"].get("repeats", ()):
        if each["left_out"]:
            continue
        one, single = each["documents"] == 1, each["lines"] == "one"
        more = "first: " if each["documents"] > len(each["first"]) else ""
        what = f"{each['documents']:,} document{'' if one else 's'}" + (" of a single line" if single else "")
        meant = (
            "That may be meant, where the same thing was sold twice. If it is the export that repeats them"
            if single
            else "If the export repeats them"
        )
        rule = "once, single lines too" if single else "once"
        count = f"count{'s' if each['rows'] == 1 else ''} again"
        said.append(
            f"{what} of sales stand{'s' if one else ''} several times in one file, every line alike in all columns "
            f"({more}{', '.join(each['first'])}): {each['rows']:,} line{'' if each['rows'] == 1 else 's'}, "
            f"{Decimal(each['money']):,.2f} {company.currency}, {count}. {meant}, "
            f'write in [tables.sales]: repeated = "{rule}"; they are then left out, and shown as such.'
        )
    return said


def _of_states(company: "Company") -> list[str]:
    """The rows that count as sales, though their status says cancelled, refunded, draft or test."""
    declared = company.settings.tables.get("sales")
    ruled = declared is not None and any(block.exclude for block in blocks(declared))
    found = company.snapshot.report["tables"]["sales"].get("states", ())
    return [states.told(each, company.currency, rules=ruled) for each in found if each["words"]]


def _of_days(company: "Company") -> list[str]:
    """The date of sales, where its heading names another day than the one on which revenue is said to count."""
    made = company.snapshot.report["tables"]["sales"]["columns"].get("date", "")
    said = counting_days.told(made, company.settings.revenue_date)
    return [said] if said else []


def _made_from(sales: Mapping[str, Any], column: str) -> str:
    """The heading that a column is made from, as company.toml writes it; three points where it is not one."""
    made = sales["columns"].get(column, "")
    several = any(sign in made for sign in (" / ", " × ", " + ", " - ", " & ", "constant "))
    return json.dumps("..." if several or not made else made, ensure_ascii=False)


def refuse_senseless_targets(company: "Company") -> None:
    """Hold the targets against the catalogue, and say where those stand that do not fit.

    Raises
    ------
    ParameterError
        If a KPI is not in the catalogue; the nearest is named.
    DataError
        If a target is none that could be reached: see `kpis.targets.checked_targets`.
    """
    from perfkit.kpis.targets import checked_targets  # here, because the analyses need time to load

    _refuse_unknown_kpis(company)
    checked_targets(company.targets(), lambda rows: _places_of_targets(company, rows))


def _refuse_unknown_kpis(company: "Company") -> None:
    """Say of targets' labels that are no KPI's id which one each may be, by what reports call them in any language."""
    from perfkit.kpis.catalogue import CATALOGUE  # here, because the analyses need time to load

    targets = company.targets()
    labels = targets["kpi"].dropna()
    unknown = [str(label) for label in dict.fromkeys(labels) if label not in CATALOGUE]
    if not unknown:
        return
    called = {_in(code, each.name): each.id for code in languages.LANGUAGES for each in CATALOGUE.values()}
    called |= presetting.words("targets", "kpi")
    meant = {label: nearest(label, CATALOGUE, called) for label in unknown}
    place = _places_of_targets(company, [int(labels.index[labels == unknown[0]][0])])[0]
    known = ", ".join(f"{each.id} ({_in(company.settings.language, each.name)})" for each in CATALOGUE.values())
    first = meant[unknown[0]]
    guess = f" Did you mean {first!r}?" if first else ""
    if "targets" in company.snapshot.names:
        heading = _heading(company, "targets", "kpi")
        made = _made_from(company.snapshot.report["tables"]["targets"], "kpi")
        pairs = ", ".join(f"{_quoted(label)} = {_quoted(id_ or '...')}" for label, id_ in meant.items())
        typed = f"[tables.targets.columns] kpi = {{ column = {made if '...' in heading else heading}, values = "
        typed += f"{{ {pairs} }} }}"
    else:
        typed = f"[targets] {first or '...'} = {{ ... }}"
    raise ParameterError(
        f"targets: no KPI {', '.join(map(repr, unknown[:SHOWN]))}{f' ({place})' if place else ''}.{guess} "
        f"{'If so, write' if first else 'Write'}: {typed}. There are: {known}."
    )


def _in(code: str, message: str) -> str:
    """A message in a language, whatever the one in use is."""

    def said() -> str:
        languages.use(code)
        return languages.text(message)

    return copy_context().run(said)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _of_targets(company: "Company") -> list[str]:
    """The targets that are given twice."""
    from perfkit.kpis.targets import given_twice  # here, because the analyses need time to load

    return given_twice(company.targets(), lambda rows: _places_of_targets(company, rows))


def _places_of_targets(company: "Company", rows: Sequence[int]) -> list[str]:
    """Where rows of the targets stand: file, sheet and line, as far as they are kept."""
    if "targets" not in company.snapshot.names:
        return ["[targets] of company.toml"] * len(rows)
    try:
        places = company.snapshot.places("targets", np.asarray(rows, dtype="int64"))
    except DataError:  # loaded before perfkit kept them
        return [""] * len(rows)
    return [
        f"{row['file']}{', sheet ' + row['sheet'] if row['sheet'] else ''}, line {row['line']}"
        for row in places.to_dict("records")
    ]


def _of_parts(company: "Company") -> list[str]:
    """The segments and filters of company.toml that hold no line of sales, or cannot be told."""
    said = []
    for kind, names in (("segment", company.settings.segments), ("filter", company.settings.filters)):
        for name in names:
            try:
                company.lines(**{kind: name})
            except (DataError, ParameterError) as error:
                said.append(str(error))
    return said


def unmatched(company: "Company", shares: Mapping[str, float]) -> list[questions.Unmatched]:
    """Return the lists of which sales have many ids that are not in them.

    Parameters
    ----------
    company : Company
    shares : mapping of str to float
        What part of the lines of sales carries each column, 0 to 1, as `questions.carried` gives it.
    """
    sales = company.snapshot.report["tables"]["sales"]
    every, few = sales["accepted"]["rows"], 1 - questions.WHOLE
    found = []
    for each in sales.get("strangers", ()):
        alike, table, key = each["alike"], each["table"], each["key"]
        if table not in ("customers", "products") or each["rows"] < few * every:
            continue
        held = [name for name in company.table(table).columns if name != "unit_cost" or "quantity" in sales["columns"]]
        found.append(
            questions.Unmatched(
                table=table,
                columns=tuple(f"{table}.{name}" for name in held),
                lines=each["rows"],
                money=Decimal(each["money"]),
                currency=company.currency,
                here=visible(alike["here"]) if alike else listing(map(visible, each["first"])),
                there=visible(alike["there"]) if alike else listing(map(visible, each.get("listed", ()))),
                cures=tuple(
                    (where, f"{key} = {{ column = {_heading(company, where, key)}, {words} }}")
                    for where, words in cure(each)
                ),
                same=bool(alike),
                partly=shares.get(f"sales.{key}", 0.0) - each["rows"] / every > few,
            )
        )
    return found


def _heading(company: "Company", table: str, column: str) -> str:
    """The heading that a column is made from, as company.toml writes it; three points where it is not one."""
    made = blocks(company.settings.tables[table]) if table in company.settings.tables else ()
    mapping = made[0].columns.get(column) if len(made) == 1 else None
    return json.dumps(mapping.column if mapping and mapping.column else "...", ensure_ascii=False)
