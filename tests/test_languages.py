"""What a reader sees is written as English and French readers write it, and every message has its French."""

import ast
import datetime as dt
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages import extract, pofile

from perfkit import languages
from perfkit.errors import ParameterError
from perfkit.sources.presets.presetting import presets

ROOT = Path(__file__).parents[1]
NARROW, THIN_MINUS = "\N{NARROW NO-BREAK SPACE}", "\N{MINUS SIGN}"


@pytest.fixture(autouse=True)
def _english_again():
    languages.use("en")
    yield
    languages.use("en")


def in_both(show):
    shown = []
    for code in ("en", "fr"):
        languages.use(code)
        shown.append(show())
    return shown


@pytest.mark.parametrize(
    "value, unit, english, french",
    [
        (Decimal("1234567.895"), "GBP", "£1,234,568", f"1{NARROW}234{NARROW}568\xa0£GB"),
        (Decimal("-0.4"), "EUR", "€0", "0\xa0€"),
        (Decimal("-1234.5"), "EUR", f"{THIN_MINUS}€1,235", f"{THIN_MINUS}1{NARROW}235\xa0€"),
        (0.1234, "share", "12.3%", f"12,3{NARROW}%"),
        (0.0125, "points", f"+1.3{NARROW}pt", f"+1,3{NARROW}pt"),
        (12345, "count", "12,345", f"12{NARROW}345"),
        (1.5, "ratio", f"1.50{NARROW}×", f"1,50{NARROW}×"),
        (None, "EUR", "n/a", "n.d."),
        (float("nan"), "share", "n/a", "n.d."),
        (dt.date(2026, 10, 31), "date", "31 October 2026", "31 octobre 2026"),
        (dt.date(2026, 10, 1), "date", "1 October 2026", "1er octobre 2026"),
    ],
)
def test_a_value_is_shown_by_its_unit(value, unit, english, french):
    assert in_both(lambda: languages.show(value, unit)) == [english, french]


def test_half_a_cent_rounds_away_from_zero_exactly():
    assert languages.money(Decimal("1.005"), "USD", 2).endswith("1.01")
    assert languages.money(Decimal("2.675"), "USD", 2).endswith("2.68")
    assert languages.money(Decimal("2.5"), "USD", 3).endswith("2.500")


def test_an_unknown_language_is_refused_with_the_known_ones():
    with pytest.raises(ParameterError, match="no language 'de'.*en, fr"):
        languages.use("de")


def messages() -> set[tuple[str, ...]]:
    """Every message id of the code, the templates and the notebooks."""
    found: set[tuple[str, ...]] = set()
    for path in (ROOT / "perfkit").rglob("*.py"):
        found |= {ids for call in calls(path) if (ids := literals(call))}
    keywords = {"text": None, "plural": (1, 2)}
    for path in (ROOT / "templates" / "report").rglob("*.j2"):
        with path.open("rb") as lines:
            found |= {
                _ids(message) for _, message, _, _ in extract.extract("jinja2.ext:babel_extract", lines, keywords)
            }
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "markdown":
                found |= {(block,) for block in languages.blocks("".join(cell["source"]))}
    for preset in presets():
        found |= {(rule.because,) for rule in preset.block.exclude}
    return found - {("",)}


def calls(path):
    """The calls of text, mark and plural in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
            if name in ("text", "mark", "plural"):
                yield node


def literals(call):
    return tuple(each.value for each in call.args[:2] if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _ids(message):
    return tuple(message) if isinstance(message, tuple) else (message,)


def catalogue():
    """Every message of every room's catalogue, in their order."""
    found = []
    for path in sorted((ROOT / "perfkit" / "languages" / "fr").glob("*.po")):
        with path.open("rb") as lines:
            found += [message for message in pofile.read_po(lines, locale="fr") if message.id]
    return found


def test_every_message_has_its_french_and_no_french_is_left_over():
    french = {_ids(message.id): message for message in catalogue()}
    used = messages()
    assert len(french) == len(catalogue()), "a message stands in two catalogues: it belongs into shared.po"
    assert sorted(used - set(french)) == [], "messages without French: add them in perfkit/languages/fr"
    assert sorted(set(french) - used) == [], "French for messages that nothing shows: delete it"
    for ids, message in french.items():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings) and not message.fuzzy, ids
        assert "{}" not in "".join(ids), f"name the values: {ids}"
        for string in strings:
            assert set(re.findall(r"{(\w+)", string)) <= set(re.findall(r"{(\w+)", " ".join(ids))), ids


def test_french_marks_stand_with_their_word():
    """A colon, semicolon, question or exclamation mark never begins a line, so its space does not break."""
    for message in catalogue():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert not any(re.search(r" [:;?!»]|« ", string) for string in strings), message.id


def test_french_has_two_plural_forms_and_none_is_told_as_one():
    languages.use("fr")
    french = {_ids(message.id): message.string for message in catalogue()}
    for ids, forms in french.items():
        if len(ids) == 2:
            names = {name: "x" for name in re.findall(r"{(\w+)", " ".join(ids)) if name != "n"}
            shown = [languages.plural(*ids, n, **names) for n in (0, 1, 2, 3)]
            assert shown == [forms[n > 1].format(n=n, **names) for n in (0, 1, 2, 3)], ids


def test_messages_are_literals_so_that_they_can_be_found():
    """`text(f"...")` and `text(a + b)` would never be translated."""
    for path in (ROOT / "perfkit").rglob("*.py"):
        for call in calls(path):
            if call.args:
                assert not isinstance(call.args[0], ast.JoinedStr | ast.BinOp), f"{path.name}:{call.lineno}"


@pytest.mark.parametrize(
    ("value", "of", "against", "within"),
    [
        ("exercice 2026", "de l’exercice 2026", "à l’exercice 2026", "Sur l’exercice 2026"),
        ("T3 2026", "du T3 2026", "au T3 2026", "Au T3 2026"),
        ("août 2026", "d’août 2026", "à août 2026", "En août 2026"),
        ("2026", "de 2026", "à 2026", "En 2026"),
        ("Abrasifs", "d’Abrasifs", "à Abrasifs", "En Abrasifs"),
        ("Métrologie", "de Métrologie", "à Métrologie", "En Métrologie"),
        ("un client", "d’un client", "à un client", "En un client"),
    ],
)
def test_a_french_preposition_agrees_with_the_value_that_follows(value, of, against, within):
    languages.use("fr")
    filled = [
        languages._filled(words, {"x": value}) for words in ("la part de {x}", "comparé à {x}", "En {x} seulement")
    ]
    assert filled == [f"la part {of}", f"comparé {against}", f"{within} seulement"]
    than = {"exercice 2026": "que sur l’exercice 2026", "T3 2026": "qu’au T3 2026"}.get(value, f"qu’en {value}")
    assert languages._filled("plus qu’en {x}", {"x": value}) == f"plus {than}"
    languages.use("en")
    assert languages._filled("part de {x}", {"x": value}) == f"part de {value}"


@pytest.mark.parametrize(
    "period, within",
    [
        ("T3 2025", "budget du T3 2025"),
        ("exercice 2025", "budget de l’exercice 2025"),
        ("août 2025", "budget d’août 2025"),
        ("mars 2025", "budget de mars 2025"),
        ("2025", "budget de 2025"),
    ],
)
def test_the_budget_of_a_period_agrees_in_french_as_the_period_does(period, within):
    languages.use("fr")
    budget = languages.text("Budget {period}", period=period)
    assert budget == f"Budget {period}"  # alone, as a heading has it
    sold = languages.text("Items sold in {base} only", base=budget, current="T3 2026")
    assert sold == f"Articles vendus au {within} seulement"
    assert f"T3 2026 vs {within}, par" in languages.text(
        "Net revenue, {current} against {base}, by {key}, {currency} net of tax",
        current="T3 2026", base=budget, key="produit", currency="EUR",
    )  # fmt: skip


def test_a_name_that_begins_like_a_budget_stays_a_name():
    languages.use("fr")
    assert "Budget Hôtels" in languages.text("{member} differs most: {change}", member="Budget Hôtels", change="1")
    assert languages.text("{name} ({period})", name="a", period="Budget Hôtels").endswith("(Budget Hôtels)")


def test_a_reason_goes_on_in_lower_case_after_a_colon_and_a_name_does_not():
    told = {}
    for code in ("en", "fr"):
        languages.use(code)
        why = languages.text("The data start on {day}.", day=languages.date(dt.date(2024, 1, 1)))
        told[code] = languages.text("{figures}: {reason}", figures="X", reason=why)
        assert languages.text("{figures}: {reason}", figures="X", reason="Lesaffre left").endswith("Lesaffre left")
    assert told["en"] == "X: the data start on 1 January 2024."
    assert told["fr"] == "X\N{NO-BREAK SPACE}: les données commencent le 1er janvier 2024."
