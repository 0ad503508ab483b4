"""Languages: what a report's reader sees, in English or French: words, numbers, money, dates.

Messages are gettext messages whose ids are the English sentences; the catalogues lie beside this
module in `<code>/`, one a room of the house. The language is a property of the run, like a locale: `use("fr")` sets it.
Until somebody does, it is that of the company opened last.
"""

import datetime as dt
import gettext
import io
import re
from collections.abc import Iterable
from contextvars import ContextVar
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, dates, lists, numbers
from babel.messages import Catalog, mofile, pofile

from perfkit.errors import ParameterError, unknown

LANGUAGES = ("en", "fr")
_LOCALES = {"en": "en_GB", "fr": "fr_FR"}
_used: ContextVar[str | None] = ContextVar("language", default=None)
_offered: ContextVar[str] = ContextVar("language that is offered", default="en")


def use(code: str) -> None:
    """Set the language of everything displayed from here on; nothing but another `use` changes it.

    Raises
    ------
    ParameterError
        If perfkit has no catalogue for it.
    """
    _used.set(_known(code))


def offer(code: str) -> None:
    """Set the language that counts as long as `use` has set none: a company offers its own when it is opened.

    Raises
    ------
    ParameterError
        If perfkit has no catalogue for it.
    """
    _offered.set(_known(code))


def _known(code: str) -> str:
    if code not in LANGUAGES:
        raise ParameterError(unknown("language", str(code), LANGUAGES))
    return code


def current() -> str:
    """Return the code of the language in use."""
    return _used.get() or _offered.get()


def mark(message: str) -> str:
    """Mark a message for the catalogues where it is defined; `text` translates it where it is shown."""
    return message


def text(message: str, /, **values: object) -> str:
    """Translate a message, then fill in its {values}; a company's own words, given without any, stay as they are."""
    translated_ = _catalogue(current()).gettext(message) if message else ""
    return _filled(translated_, values) if values else translated_


def opening(words: str) -> str:
    """Return a sentence with its first letter in upper case: the name of a period may begin it."""
    return words[:1].upper() + words[1:]


def in_sentence(words: str) -> str:
    """Return a heading as it stands within a sentence: in lower case, abbreviations such as CA apart."""
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words.split(" "))


def plural(one: str, many: str, n: int, /, **values: object) -> str:
    """Translate a message that depends on a count; {n} is the count, formatted."""
    return _filled(_catalogue(current()).ngettext(one, many, n), {"n": number(n), **values})


_BEFORE = re.compile(
    r"(?<![\w’'])(?P<word>qu’en|de|du|à|au|en|dans|sur|pour|par|contre|depuis|avec|sans|que|le|la) \{(?P<name>\w+)\}",
    re.I,
)
_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_BUDGET = re.compile(rf"Budget (?=(?:(?:exercice|T[1-4]|{_MONTHS}) )?\d{{4}}(?!\d))")
"""The name of a period's budget, as a heading has it."""
_ARTICLES = {
    "de": "de l’",
    "du": "de l’",
    "à": "à l’",
    "au": "à l’",
    "en": "sur l’",
    "qu’en": "que sur l’",
    "le": "l’",
    "la": "l’",
}
_SENTENCE = {
    "en": re.compile(r"(?:The|No|None|Not|Nothing|At|Its?|Two|These|This|An?|Fewer|Only|Some)\b"),
    "fr": re.compile(r"(?:L[ea]s?|Aucune?|Absente?s?|Une?|Pas|Il|Au|Ce|Ces|Cette|Moins|Seule?s?|Rien|Tous?)\b|L’"),
}
"""How a sentence begins that says why: a name, which keeps its capital, does not."""
_QUARTERS = {"de": "du ", "à": "au ", "en": "au ", "qu’en": "qu’au "}
_BUDGETS = _QUARTERS | {
    word: f"{word} le " for word in ("que", "sur", "pour", "par", "contre", "dans", "depuis", "avec")
}
_ELIDED = {"de": "d’", "que": "qu’", "le": "l’", "la": "l’"}


def _filled(message: str, values: dict[str, Any]) -> str:
    """Fill in a message; in French the word before a value takes the form that the value asks for."""
    if current() == "fr":
        message = _BEFORE.sub(lambda found: _agreed(found, values), message)
    return message.format(**{name: _within(value, message, name) for name, value in values.items()})


def _within(value: Any, message: str, name: str) -> Any:
    """Return a value as it stands within a sentence: "budget du T3 2026" for the heading "Budget T3 2026".

    A reason is a sentence; after a colon it goes on in lower case.
    """
    if name in ("reason", "why") and f": {{{name}}}" in message and _SENTENCE[current()].match(str(value)):
        return str(value)[0].lower() + str(value)[1:]
    budget = _BUDGET.match(value) if isinstance(value, str) and current() == "fr" else None
    if budget is None or message.startswith(f"{{{name}}}"):
        return value
    return "budget " + _filled("de {period}", {"period": value[budget.end() :]})


def _agreed(found: re.Match[str], values: dict[str, Any]) -> str:
    """Return "de l’exercice 2026" for "de" and "exercice 2026", "du T3 2026", "d’août 2026", "d’Acme"."""
    word, name = found["word"], found["name"]
    value, slot = str(values.get(name, "")), f"{{{name}}}"
    lower = word.lower()
    if _BUDGET.match(value):
        agreed = _BUDGETS.get(lower, f"{lower} ")
    elif re.match(r"exercice \d{4}", value):
        agreed = _ARTICLES.get(lower, f"{lower} l’")
    elif re.match(r"T[1-4] \d{4}", value):
        agreed = _QUARTERS.get(lower, f"{lower} ")
    elif value[:1].lower() in tuple("aàâäeéèêëiîïoôöuùûüœ") and not re.match("onze|oui|U[A-Z]|Unit", value):
        agreed = _ELIDED.get(lower, f"{lower} ")
    else:
        return found[0]
    return (agreed[:1].upper() + agreed[1:] if word[:1].isupper() else agreed) + slot


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    parts = sorted(Path(__file__).with_name(code).glob("*.po"))
    if not parts:  # English is the language of the ids
        return gettext.NullTranslations()
    whole = Catalog(locale=code)
    for part in parts:
        with part.open("rb") as lines:
            read = pofile.read_po(lines, locale=code)
        # The parts' plural forms, as their translators wrote them: Babel's own for French has three.
        whole.mime_headers = [("Plural-Forms", read.plural_forms)]
        for message in read:
            if message.id:
                whole[message.id] = message
    compiled = io.BytesIO()
    mofile.write_mo(compiled, whole)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def blocks(markdown: str) -> list[str]:
    """Return the headings and paragraphs of a Markdown text, each one message of the catalogue."""
    return [block.strip() for block in markdown.split("\n\n") if block.strip()]


def translated(markdown: str) -> str:
    """Return a Markdown text in the language in use, block by block."""
    return "\n\n".join(_catalogue(current()).gettext(block) for block in blocks(markdown))


def missing(value: object) -> bool:
    """Say whether a value is absent: None, NaN, NaT or NA."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value  # NaN differs from itself


def not_available() -> str:
    """Return the mark of a figure that there is not: n/a, n.d."""
    return text("n/a")


def number(value: Any, decimals: int = 0, *, signed: bool = False) -> str:
    """Format a number with a fixed count of decimals, half rounded away from zero."""
    if missing(value):
        return not_available()
    exact = _rounded(value, decimals)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    shown = numbers.format_decimal(abs(exact), format=pattern, locale=_LOCALES[current()])
    return _sign(exact, signed) + shown


def money(value: Any, currency: str, decimals: int = 0, *, signed: bool = False) -> str:
    """Format an amount of a currency: £1,234 or 1 234 £GB as the language writes it."""
    if missing(value):
        return not_available()
    exact = _rounded(value, decimals)
    locale = Locale.parse(_LOCALES[current()])
    pattern = locale.currency_formats["standard"].pattern.split(";")[0]
    pattern = pattern.replace("0.00", "0" + ("." + "0" * decimals if decimals else ""))
    shown = numbers.format_currency(
        abs(exact), currency, format=pattern, locale=locale, currency_digits=False, decimal_quantization=False
    )
    # Letters and digits stand apart, as CLDR asks: CHF 1,234, but £1,234.
    shown = re.sub(r"(?<=[^\W\d_])(?=\d)", "\N{NO-BREAK SPACE}", shown)
    return _sign(exact, signed) + shown


def percent(share: Any, decimals: int = 1, *, signed: bool = False) -> str:
    """Format a share (0 to 1) in per cent: 12.3% or 12,3 %."""
    if missing(share):
        return not_available()
    exact = _rounded(Decimal(str(share)) * 100, decimals)
    mark_ = "%" if current() == "en" else "\N{NARROW NO-BREAK SPACE}%"
    return _sign(exact, signed) + number(abs(exact), decimals) + mark_


def points(difference: Any, decimals: int = 1) -> str:
    """Format a difference of two shares in percentage points, always signed: +1.2 pt."""
    if missing(difference):
        return not_available()
    exact = _rounded(Decimal(str(difference)) * 100, decimals)
    return _sign(exact, True) + number(abs(exact), decimals) + "\N{NARROW NO-BREAK SPACE}" + text("pt")


def date(day: dt.date) -> str:
    """Format a day: 1 October 2026, 1er octobre 2026."""
    if missing(day):
        return not_available()
    pattern = "d'er' MMMM y" if current() == "fr" and day.day == 1 else "d MMMM y"
    return dates.format_date(day, format=pattern, locale=_LOCALES[current()])


def month(day: dt.date, *, short: bool = False) -> str:
    """Format a month: October 2026, octobre 2026; short: Oct 2026, oct. 2026."""
    return dates.format_date(day, format="MMM y" if short else "MMMM y", locale=_LOCALES[current()])


def listing(items: Iterable[str]) -> str:
    """Join words as the language does: a, b and c."""
    return lists.format_list([str(item) for item in items], locale=_LOCALES[current()])


def show(value: Any, unit: str | None, *, signed: bool = False, decimals: int | None = None) -> str:
    """Format a value by its unit: a currency code, share, points, count, quantity, ratio, days, date or text."""
    if missing(value):
        return not_available()
    if unit in (None, "text"):
        return str(value)
    if unit == "share":
        return percent(value, 1 if decimals is None else decimals, signed=signed)
    if unit == "points":
        return points(value, 1 if decimals is None else decimals)
    if unit == "date":
        return date(value)
    if unit == "ratio":
        return number(value, 2 if decimals is None else decimals, signed=signed) + "\N{NARROW NO-BREAK SPACE}×"
    if unit == "days":
        return number(value, decimals or 0, signed=signed) + "\N{NARROW NO-BREAK SPACE}" + text("d")
    if unit in ("count", "quantity"):
        return number(value, decimals or 0, signed=signed)
    return money(value, unit, decimals or 0, signed=signed)


def _rounded(value: Any, decimals: int) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP) + 0  # + 0: no minus before a zero


def _sign(value: Decimal, signed: bool) -> str:
    if value < 0:
        return "\N{MINUS SIGN}"
    return "+" if signed and value > 0 else ""
