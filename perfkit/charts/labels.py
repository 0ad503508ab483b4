"""Labels: how a chart writes its values, and the sentence that stands for it where it cannot be seen."""

from collections.abc import Callable, Iterable
from typing import Any

from perfkit import estimates, languages
from perfkit.charts.lettering import clean
from perfkit.languages import text


def labels_of(values: Iterable[Any], unit: str) -> tuple[Callable[..., str], str]:
    """Return how the labels of a chart show its values, and the words that state the scale ("" where it is 1)."""
    known = [abs(value) for value in values if not languages.missing(value)]
    if unit in ("share", "points", "ratio", "days"):
        return lambda value, signed=False: languages.show(value, unit, signed=signed), ""
    largest = float(max(known, default=0))
    scale = next((each for each in (10**9, 10**6, 10**3) if largest >= 100 * each), 1)
    decimals = 2 if 0 < largest < 10 and unit != "count" else 0

    def shown(value: Any, signed: bool = False) -> str:
        if languages.missing(value):
            return languages.not_available()
        return languages.number(value / scale, decimals, signed=signed)

    of = "" if unit in ("count", "quantity") else unit
    stated = {
        1: "",
        10**3: text("labels in thousand {unit}", unit=of),
        10**6: text("labels in million {unit}", unit=of),
        10**9: text("labels in billion {unit}", unit=of),
    }
    return shown, stated[scale].strip()


def percentages(values: Iterable[Any]) -> list[str]:
    """Return relative changes as signed labels, large ones as multiples, "" where there is none."""
    return ["" if languages.missing(value) else percentage(value) for value in values]


def percentage(growth: Any) -> str:
    """Return a relative change as a signed label, or how many times as much it is."""
    return estimates.as_multiple(growth) or languages.percent(growth, signed=True)


def counts(label: str) -> bool:
    """Say whether a change shows as one: what shows as zero is neither good nor bad."""
    return any(digit in label for digit in "123456789")


def sentences(title: str, *figures: str) -> str:
    """Return an alternative text: the message and its key figures."""
    return clean(" ".join([title.rstrip(".") + ".", *figures]))


def joined(*parts: str) -> str:
    """Join what a second line says."""
    return " · ".join(part for part in parts if part)
