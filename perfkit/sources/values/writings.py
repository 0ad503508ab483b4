"""Writings: how the values of one column of text stand in a file, and the SQL that makes its numbers plain.

A writing is declared in company.toml or proven from the column's own cells (see `proofs`); a cell that does not
follow it is set aside, never guessed.
"""

import re
from dataclasses import dataclass
from functools import cache

from perfkit.sources.files import quoted
from perfkit.sources.settings import Format

SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}"
APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
MINUS = "\N{MINUS SIGN}"
SIGNS = {
    "AUD": ("A$", "AU$", "$"),
    "BRL": ("R$",),
    "CAD": ("CA$", "C$", "$"),
    "CHF": ("SFr.", "Fr.", "Fr"),
    "CNY": ("CN¥", "RMB", "¥"),
    "CZK": ("Kč",),
    "DKK": ("kr.", "kr"),
    "EUR": ("€", "euros", "euro"),
    "GBP": ("£",),
    "HUF": ("Ft",),
    "INR": ("₹",),
    "JPY": ("¥",),
    "MAD": ("DH", "DHS"),
    "NOK": ("kr.", "kr"),
    "NZD": ("NZ$", "$"),
    "PLN": ("zł",),
    "RON": ("lei",),
    "SEK": ("kr.", "kr"),
    "SGD": ("S$", "$"),
    "TND": ("DT",),
    "TRY": ("₺",),
    "USD": ("US$", "$"),
    "XAF": ("FCFA",),
    "XOF": ("FCFA",),
}
"""How currencies are signed, beside their ISO codes."""

_CURRENCIES = "AED AUD BGN BRL CAD CHF CNY CZK DKK DZD EUR GBP HKD HUF ILS INR JPY KRW MAD MXN NOK NZD PLN RON RUB"
_CURRENCIES += " SEK SGD TND TRY USD XAF XOF ZAR KR ZŁ KČ FT LEI FCFA CFA"
_DOLLARS = "US CA C A AU NZ HK S R MX"

_BODY = rf"[0-9](?:[0-9.,{SPACES}{APOSTROPHES}]*[0-9.,])?|[.,][0-9]+"
_GAP = f"[{SPACES}]*"


@dataclass(frozen=True)
class Writing:
    """How one column of text writes its values.

    Attributes
    ----------
    decimal : str
        "." or ","; empty where no cell that was looked at has decimals: only whole digits are read then.
    thousands : str
        The signs that may group thousands; empty for none.
    decorated : bool
        Whether cells carry currency signs, parentheses, a minus behind, a typographic minus or a percent sign.
    percent : bool
        Whether shares are in percent because the heading says so.
    marked : bool
        Whether cells carry percent signs: shares without one are then doubtful.
    contested : bool
        Whether a minority of cells proves another writing: what can be read in both is not read.
    currency : str
        ISO code whose signs are taken off; another one's make a cell unreadable.
    date, timestamp : tuple of str
        The strptime formats that cells have, or one of `days.EPOCHS`.
    padded : bool
        Whether other spaces than the usual one stand around days.
    timezone : str
        The company's clock, to which times with an offset are turned.
    proven : frozenset of str
        Which of "decimal", "thousands", "date", "timestamp" come from the data and not from the settings.
    whole : bool
        Whether all cells were looked at and not only the first.
    """

    decimal: str = "."
    thousands: str = ""
    decorated: bool = False
    percent: bool = False
    marked: bool = False
    contested: bool = False
    currency: str = "EUR"
    date: tuple[str, ...] = ("%Y-%m-%d",)
    timestamp: tuple[str, ...] = ("%Y-%m-%d",)
    padded: bool = False
    timezone: str = "UTC"
    proven: frozenset[str] = frozenset()
    whole: bool = False


def declared(form: Format, *, currency: str = "EUR", timezone: str = "UTC") -> Writing:
    """Return what the settings alone say of every column; what they leave open is as ISO writes it."""
    date = form.date or "%Y-%m-%d"
    return Writing(
        decimal=form.decimal or ("," if form.thousands == "." else "."),
        thousands=alike(form.thousands or ""),
        currency=currency,
        date=(date,),
        timestamp=(form.timestamp or date,),
        timezone=timezone,
    )


def alike(thousands: str) -> str:
    """Return a sign of thousands with those that stand for it: one space for all, one apostrophe for both."""
    return next((group for group in (SPACES, APOSTROPHES) if thousands and thousands in group), thousands)


def own_signs(currency: str) -> tuple[str, ...]:
    """Return how amounts in a currency are signed: its ISO code and its signs."""
    return (currency, *SIGNS.get(currency, ()))


def foreign(currency: str) -> str:
    """Return a regular expression of what tells that an amount bears another currency than the company's."""
    own = {sign.upper() for sign in own_signs(currency)}
    signs = "".join(sign for sign in "€£¥$₣₤₦₧₩₪₫₱₴₹₺₽₿" if sign not in own)
    dollars = "|".join(each for each in _DOLLARS.split() if f"{each}$" not in own)
    words = "|".join(each for each in _CURRENCIES.split() if each not in own)
    return rf"[{signs}]|(^|\P{{L}})({dollars})\$|(^|\P{{L}})({words})(\P{{L}}|$)"


@cache
def forms(types: frozenset[str], currency: str) -> dict[str, str]:
    """Return the forms of a number by what its match is to be replaced with: in brackets, minus behind, minus before.

    A currency is taken off amounts, a percent sign off shares.
    """
    money = bool(types & {"money", "number"})
    own = "|".join(re.escape(sign) for sign in sorted(own_signs(currency), key=len, reverse=True))
    before = f"(?:(?:{own}){_GAP})?" if money else ""
    units = [*([own] if money else []), *(["%"] if "share" in types else [])]
    after = f"(?:{_GAP}(?:{'|'.join(units)}))?" if units else ""
    minus = f"[-+{MINUS}]"
    return {
        rf"^{_GAP}{before}\({_GAP}{before}({_BODY}){after}{_GAP}\){after}{_GAP}$": r"-\1",
        rf"^{_GAP}{before}({_BODY}){after}{_GAP}[-{MINUS}]{after}{_GAP}$": r"-\1",
        rf"^{_GAP}(?:({minus}){_GAP})?{before}(?:({minus}){_GAP})?({_BODY}){after}{_GAP}$": r"\1\2\3",
    }


def number(raw: str, writing: Writing, type_: str = "money") -> str:
    """SQL of a number's text with a point for its decimals and nothing between its thousands; NULL if not so written.

    It may still be no number: a cast decides.
    """
    text = raw
    if writing.decorated:
        text = undecorated(raw, writing, type_)
    elif writing.thousands:
        text = f"trim({raw}, {quoted(SPACES)})"
    if writing.thousands or writing.decorated:
        signs = (writing.decimal if writing.decimal == "," else "") + writing.thousands
        plain = f"translate({text}, {quoted(signs)}, '{'.' if writing.decimal == ',' else ''}')"
        plain = f"CASE WHEN regexp_full_match({text}, {quoted(_well_formed(writing))}) THEN {plain} END"
    elif writing.decimal == ".":
        plain = raw
    else:
        plain = f"replace({raw}, ',', '.')" if writing.decimal else raw
        plain = f"CASE WHEN NOT contains({raw}, '.') THEN {plain} END"
    if writing.contested:
        plain = f"CASE WHEN NOT ({both_ways(text)}) THEN {plain} END"
    return plain


def both_ways(text: str) -> str:
    """SQL: whether a number's text can be read with either decimal sign."""
    pattern = f"[{SPACES}]*[-+]?[1-9][0-9]{{0,2}}[.,][0-9]{{3}}[{SPACES}]*"
    return f"regexp_full_match({text}, {quoted(pattern)})"


def undecorated(raw: str, writing: Writing, type_: str) -> str:
    """SQL of a number's text without its currency or percent sign and with its minus in front; else as it is."""
    text = raw
    for pattern, instead in forms(frozenset({type_}), writing.currency).items():
        text = f"regexp_replace({text}, {quoted(pattern)}, {quoted(instead)}, 'i')"
    return f"translate({text}, {quoted(MINUS)}, '-')"


def _well_formed(writing: Writing) -> str:
    """Regular expression of a number, its thousands grouped by one kind of sign or not at all."""
    groups = [group for group in (SPACES, APOSTROPHES) if set(group) & set(writing.thousands)]
    groups += [sign for sign in ".," if sign in writing.thousands]
    groups += [sign for sign in writing.thousands if sign not in SPACES + APOSTROPHES + ".,"]
    whole = "|".join(["[0-9]+", *(f"[1-9][0-9]{{0,2}}(?:[{re.escape(group)}][0-9]{{3}})+" for group in groups)])
    if not writing.decimal:
        return f"[-+]?(?:{whole})"
    point = re.escape(writing.decimal)
    return f"[-+]?(?:(?:{whole})(?:{point}[0-9]*)?|{point}[0-9]+)"
