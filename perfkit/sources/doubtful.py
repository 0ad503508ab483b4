"""Doubtful: headings that say that their amounts are others than the net amounts they would be taken for."""

import json
import re

from perfkit.errors import DataError
from perfkit.schema import Column
from perfkit.sources.names import folded
from perfkit.sources.settings import Mapping
from perfkit.sources.values.writings import foreign, own_signs

_MONEY = r"(€|eur|euros?|\$|usd|£|gbp|chf)"
_SCALES = {
    1_000_000: re.compile(rf"(?<![a-z])(m|mio)\s?{_MONEY}(?![a-z])|millions"),
    1_000: re.compile(
        rf"(?<![a-z])k\s?{_MONEY}(?![a-z])|{_MONEY}\s?k(?![a-z])|milliers|thousands|[('$€£]\s?000s?(?![0-9])"
        r"|\(\s?ke?\s?\)|(?<![a-z])(en|in) k(?![a-z])"
    ),
}
_IN_CENTS = re.compile(r"(?<![a-z])(cents?|centimes?|pence)(?![a-z])")
_WITH_TAX = re.compile(
    r"(?<![a-z])(t\.?t\.?c\.?|tvac)(?![a-z])|toutes taxes|(t\.?v\.?a\.?|vat|tax(es)?) (incl|inc|comprise)"
    r"|(incl\w*|inc|with|avec)\.? (of )?(vat|tax|tva)"
)
_PERCENTS = re.compile(r"%|(?<![a-z])(pct|percent\w*|pourcent\w*)(?![a-z])")
_BEFORE_TAX = re.compile(r"(?<![a-z])(gross|brutto|brut)(?![a-z])")


def refuse_doubtful(column: Column, mapping: Mapping, file: str, currency: str, where: str) -> None:
    """Ask where a heading says that its amounts are others than they are taken for, unless the settings say what to do.

    They may be in thousands, millions or cents, in another currency, with tax, or no amounts but percents.
    """
    if mapping.times is not None or column.type not in ("money", "quantity"):
        return
    for name in (*mapping.sources, *mapping.less):
        plain = folded(name)
        as_it_is = f"{where} = {_with(mapping, 1)}"
        if column.type == "money" and says_percents(name):
            raise DataError(
                f"{file}: the heading {name!r} says that it holds percents, and {where} takes it for an amount. "
                f"Name a column of amounts; or, if they are amounts after all: {as_it_is}"
            )
        times = scale(name)
        if times > 1:
            raise DataError(
                f"{file}: the heading {name!r} says that its amounts are in {times:,}s; taken as they stand, "
                f"{column.name} would be that much too small. Write: {where} = {_with(mapping, times)}"
                ", or times = 1 if they are whole amounts after all."
            )
        if column.type != "money" or mapping.how == "subtract":
            continue
        if _IN_CENTS.search(plain):
            raise DataError(
                f"{file}: the heading {name!r} says that its amounts are in cents; taken as they stand, "
                f"{column.name} would be a hundred times too large. Write: {where} = {_with(mapping, '0.01')}"
                ", or times = 1 if they are whole amounts after all."
            )
        others = foreign(currency).replace(r"\p{L}", r"[^\W\d_]").replace(r"\P{L}", r"[\W\d_]")
        if re.search(others, name.upper()) and not any(sign.upper() in name.upper() for sign in own_signs(currency)):
            raise DataError(
                f"{file}: the heading {name!r} names another currency than the company's, {currency}, and "
                f"amounts of two are never added. Name a column in {currency}; or, if they are in it: {as_it_is}"
            )
        taxed = _WITH_TAX.search(plain) or "TTC" in name
        if taxed or (column.name == "net_revenue" and _BEFORE_TAX.search(plain)):
            raise DataError(
                f"{file}: the heading {name!r} says that its amounts include tax, and {column.name} is net of "
                f'tax. Name the column without tax, or take it off: {where} = {{ subtract = ["{name}", "..."] }}; '
                f"or, if no tax is in it after all: {as_it_is}"
            )


def scale(heading: str) -> int:
    """Return by how much the amounts under a heading are too small: 1, 1,000 or 1,000,000."""
    return next((times for times, said in _SCALES.items() if said.search(folded(heading))), 1)


def says_percents(heading: str) -> bool:
    """Say whether a heading is one of percents."""
    return _PERCENTS.search(folded(heading)) is not None


def _with(mapping: Mapping, times: int | str) -> str:
    """A mapping as company.toml takes it, with a factor."""
    said = json.dumps(mapping.sources[0] if mapping.how == "column" else mapping.sources, ensure_ascii=False)
    less = f", less = {json.dumps(mapping.less, ensure_ascii=False)}" if mapping.less else ""
    credits = ""
    if mapping.credits:
        told, words = (json.dumps(each, ensure_ascii=False) for each in (mapping.credits.column, mapping.credits.among))
        credits = f", credits = {{ column = {told}, in = {words} }}"
    return f"{{ {mapping.how} = {said}{less}{credits}, times = {json.dumps(times)} }}"
