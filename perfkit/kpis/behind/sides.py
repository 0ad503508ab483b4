"""Sides: the lines of a comparison: of one of its sides, or of both for how they differ."""

from decimal import Decimal

import ibis
import pandas as pd

from perfkit.dimensions import dimensioned
from perfkit.errors import ParameterError
from perfkit.ids import unescaped
from perfkit.kpis.behind.asked import PART, Asked, Behind, Value, of_member, total
from perfkit.kpis.behind.kpis import said_behind
from perfkit.kpis.catalogue import CATALOGUE
from perfkit.languages import mark, text
from perfkit.lines import checked, is_in
from perfkit.periods import Period

_DIFFERENCE = mark("{basis}: that of side a less that of side b")
_REVENUE = mark("Net revenue of the lines of side a, less that of the lines of side b")


def comparison(asked: Asked) -> Behind:
    """Return the lines of a side, or of both."""
    match asked.rest:
        case (a, b, kpi, "a" | "b" as which) if kpi in CATALOGUE:
            lines, period = _side(asked, a if which == "a" else b)
            return said_behind(asked.of(lines), kpi, period)
        case (a, b, kpi) if kpi in CATALOGUE:
            found = [said_behind(asked.of(lines), kpi, period) for lines, period in (_side(asked, a), _side(asked, b))]
            return _difference(asked, kpi, found[0], found[1])
        case (a, b, by, *member) if member:
            return _member(asked, (_side(asked, a), _side(asked, b)), by, ":".join(member))
    raise asked.refused()


def _side(asked: Asked, written: str) -> tuple[ibis.Table, Period]:
    """The lines of a side and its period: a label and, where it is a part of the business, @ and the part."""
    label, at, part = written.partition("@")
    if not at:
        return asked.lines, asked.period(label)
    if asked.part is None:
        raise ParameterError(
            f"{asked.figure_id}: it compares parts of the business, which only whoever named them can tell. "
            "Ask for one side's figure of its own lines."
        )
    lines = checked(asked.part(unescaped(part)))
    return lines, asked.of(lines).period(label)


def _difference(asked: Asked, kpi: str, a: Behind, b: Behind) -> Behind:
    """The lines of both sides, and what the figure of the one is above that of the other."""
    declared = CATALOGUE[kpi]
    unit = "points" if declared.unit == "share" else declared.unit_in(asked.currency)
    how = text(_DIFFERENCE, basis=text(declared.basis).rstrip("."))
    pair = [(name, each.lines) for name, each in (("a", a), ("b", b)) if each.lines is not None]
    lines = ibis.union(*(table.mutate(ibis.literal(name).name("side")) for name, table in pair))
    if a.value is total:
        lines = lines.mutate(ibis.ifelse(lines.side == "a", lines[PART], -lines[PART]).name(PART))
        return Behind(asked.figure_id, lines, how, unit, total)
    return Behind(asked.figure_id, lines, how, unit, _apart(a.value, b.value))


def _apart(a: Value | None, b: Value | None) -> Value | None:
    """What the figure of the lines of side a is above that of those of side b."""

    def value(frame: pd.DataFrame) -> float | Decimal | None:
        one, other = (each(frame[frame["side"] == name]) if each else None for name, each in (("a", a), ("b", b)))
        if one is None or other is None:
            return None
        exact = isinstance(one, int | Decimal) and isinstance(other, int | Decimal)
        return one - other if exact else float(one) - float(other)

    return value


def _member(asked: Asked, sides: tuple[tuple[ibis.Table, Period], ...], by: str, member: str) -> Behind:
    """The lines of a member on both sides."""
    tables = []
    for name, (lines, period) in zip(("a", "b"), sides, strict=True):
        here = of_member(asked, dimensioned(lines, by), by, member, None, held=False).filter(is_in(period))
        part = here.net_revenue if name == "a" else -here.net_revenue
        tables.append(here.mutate(ibis.literal(name).name("side"), part.name(PART)))
    return Behind(asked.figure_id, ibis.union(*tables), text(_REVENUE), asked.currency, total)
