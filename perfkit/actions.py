"""Actions: what the company decided about a report's findings, as audit/actions.toml says."""

import datetime as dt
import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from perfkit import periods
from perfkit.errors import ParameterError, nearest, unknown
from perfkit.sources.settings import in_words

NAME = "audit/actions.toml"

_WORDS = {"oui": "true", "yes": "true", "vrai": "true", "true": "true", "done": "true", "fait": "true", "x": "true",
          "non": "false", "no": "false", "faux": "false", "false": "false"}  # fmt: skip
"""What people write for true and false."""

_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")


class Action(BaseModel):
    """One block: what is done about a finding.

    Attributes
    ----------
    owner : str
        Who does it.
    due : date
        Until when.
    done : bool
    note : str
    cost : Decimal
        What it costs, in the company's currency, off the money at stake.
    achievable : Decimal
        Share of the gap that it can close, 0 to 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str = ""
    due: dt.date | None = None
    done: bool = False
    note: str = ""
    cost: Decimal = Decimal(0)
    achievable: Decimal = Decimal(1)

    @field_validator("owner", "note", mode="before")
    @classmethod
    def _words(cls, said: Any) -> Any:
        if not isinstance(said, str):
            raise ValueError(f'{_shown(said)} is no text: write it between quotes, "{said}"')
        return said

    @field_validator("due", mode="before")
    @classmethod
    def _a_day(cls, said: Any) -> Any:
        if isinstance(said, dt.datetime) or not isinstance(said, dt.date):
            raise ValueError(f"{_shown(said)} is no date: write one such as {_day_in(str(said))}, without quotes")
        return said

    @field_validator("done", mode="before")
    @classmethod
    def _yes_or_no(cls, said: Any) -> Any:
        if not isinstance(said, bool):
            word = _WORDS.get(str(said).strip().lower(), "true or done = false")
            raise ValueError(f"{_shown(said)} is neither true nor false: write done = {word}, without quotes")
        return said

    @field_validator("cost", mode="before")
    @classmethod
    def _an_amount(cls, said: Any) -> Any:
        number = _number(said)
        if number is None or isinstance(said, str):
            meant = "4000" if number is None else f"{abs(number):f}"
            raise ValueError(
                f"{_shown(said)} is no amount: write a number alone, without quotes, such as cost = {meant}"
            )
        if number < 0:
            raise ValueError(f"{_shown(said)} is below zero: write what the action costs, cost = {-number:f}")
        return number

    @field_validator("achievable", mode="before")
    @classmethod
    def _a_share(cls, said: Any) -> Any:
        number = _number(said)
        if number is not None and not isinstance(said, str) and 0 <= number <= 1:
            return number
        if number is not None and 1 < number <= 100:
            raise ValueError(
                f"{_shown(said)} is no share of the gap, which is 0 to 1: for {number:f} % write "
                f"achievable = {number / 100:f}"
            )
        meant = f"{number:f}" if number is not None and 0 <= number <= 1 else "0.5"
        raise ValueError(f"{_shown(said)} is no share of the gap, 0 to 1: write one such as achievable = {meant}")


def read(folder: Path, rules: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """Return what is said of each finding, by its id; {} where the company has no such file.

    Parameters
    ----------
    folder : Path
        The company's.
    rules : collection of str, optional
        The findings that there are, by which a misspelt one is told.

    Raises
    ------
    ParameterError
        If the file cannot be read, or a key, value or finding is not understood: in which line.
    """
    path = folder / NAME
    if not path.exists():
        return {}
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise ParameterError(f"{NAME} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise ParameterError(f"{NAME} is not UTF-8. Save it as UTF-8.") from None
    try:
        said = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterError(_not_read(text, str(error))) from None
    found = {}
    for finding, block in said.items():
        if not isinstance(block, dict):
            where = _place(text, "", finding)
            raise ParameterError(
                f"{where}: {finding} = {_shown(block)} stands in no block. Write above it: [FINDING_ID]"
            )
        if rules and finding.split(":")[0] not in rules:
            raise ParameterError(f"{_place(text, finding)}: {unknown('finding', finding.split(':')[0], rules)}")
        found[finding] = _checked(text, finding, block)
    return {finding: action.model_dump(exclude_unset=True) for finding, action in found.items()}


def _checked(text: str, finding: str, block: Mapping[str, Any]) -> Action:
    try:
        return Action.model_validate(block)
    except ValidationError as error:
        first = next((each for each in error.errors() if each["type"] == "extra_forbidden"), error.errors()[0])
        key = str(first["loc"][0])
        where = f"{_place(text, finding, key)}, [{finding}]"
        if first["type"] == "extra_forbidden":
            raise ParameterError(in_words(error, Action, file=where)) from None
        raise ParameterError(f"{where}: {key} = {first['msg'].removeprefix('Value error, ')}.") from None


def _shown(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _number(said: Any) -> Decimal | None:
    """A number, or the one that a text holds beside spaces, a percent sign or a currency."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    plain = re.sub(r"[\s%€$£]|EUR|USD|GBP|CHF", "", str(said)).replace(",", ".")
    if not re.fullmatch(r"[+-]?\d{1,20}(\.\d{1,10})?", plain):
        return None
    return Decimal(plain).normalize() + 0


def _day_in(said: str) -> str:
    """The day that a text holds, as TOML writes it; an example where it holds none for certain."""
    found = _DAY_FIRST.search(said)
    try:
        if found:
            day, month, year = map(int, found.groups())
            return dt.date(year, month, day).isoformat()
        return dt.date.fromisoformat(said[:10]).isoformat()
    except ValueError:
        return "2026-10-31"


# ---- Where something stands in the file, and what is wrong with a line that is no TOML


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Each line with its number and the block that it stands in."""
    block = ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("["):
            try:
                block = next(iter(tomllib.loads(line)), "")
            except ValueError:
                block = ""
        yield number, block, line


def _place(text: str, finding: str, key: str = "") -> str:
    """The file, and the line of a key in a finding's block, or of its heading."""
    named = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=") if key else re.compile(r"\s*\[")
    here = [number for number, block, line in _lines(text) if block == finding and named.match(line)]
    here += [number for number, block, _ in _lines(text) if finding and block == finding]
    here += [number for number, _, line in _lines(text) if finding and finding in line]
    return f"{NAME}, line {here[0]}" if here else NAME


def _not_read(text: str, said: str) -> str:
    """What a person would say of the line at which the file is no TOML."""
    found = re.search(r"at line (\d+)", said)
    lines = text.split("\n")
    number = min(int(found[1]), len(lines)) if found else len(lines)
    while number > 1 and not lines[number - 1].strip():
        number -= 1
    line = re.sub(r"\s+#.*", "", lines[number - 1]).strip()
    return f"{NAME}, line {number}: {line[:100]!r} cannot be read. {_meant(line, said)}"


def _meant(line: str, said: str) -> str:
    key, equals, value = (part.strip() for part in line.partition("="))
    if line.startswith("["):
        name = line.strip("[]\"' ")
        if "twice" in said:
            return f"The block {name} stands twice: put what it says into one."
        return f'A finding\'s id stands between brackets, one with a ":" between quotes too: ["{name}"]'
    if "overwrite" in said:
        return f"{key} is said twice in its block: say it once."
    if not equals:
        return 'Write a line as a key, = and a value, such as owner = "Claire Martin"; a remark begins with #.'
    if _DAY_FIRST.match(value) or re.match(r"\d{4}-\d", value):
        return f"A date is the year, month and day: {key} = {_day_in(value)}"
    if value.lower() in _WORDS:
        return f"Write {key} = {_WORDS[value.lower()]}"
    if (number := _number(value)) is not None:
        number = number / 100 if key == "achievable" and 1 < number <= 100 else number
        return f"Write a number with digits and a point alone: {key} = {number:f}"
    inner = value.strip("\"'").replace('"', "'")
    return f'A text stands between quotes, in one line: {key} = "{inner}"'


# ---- What the last report found


def astray(folder: Path, decided: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each decision about a finding that the last report did not make; none without a report.

    Parameters
    ----------
    folder : Path
        The company's.
    decided : iterable of str
        Ids, as `read` returns them.
    """
    last = _last_report(folder)
    path = folder / NAME
    if last is None or not path.exists():
        return
    name, made = last
    text = path.read_text(encoding="utf-8-sig")
    spoken = {each for finding in made for each in (finding, finding.split(":")[0])}
    for finding in decided:
        if finding not in spoken:
            guess = nearest(finding, made)
            meant = f" Did you mean {guess!r}?" if guess else ""
            yield f"{_place(text, finding)}: {name} made no finding {finding!r}, so nothing is shown beside it.{meant}"


def _last_report(folder: Path) -> tuple[str, list[str]] | None:
    """The report that was published last, and the ids of its findings."""
    found = []
    for path in (folder / "reports").glob("*/*/current/manifest.json"):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            found.append((manifest["ended"], periods.parse(manifest["period"]).label, manifest["report"], path.parent))
        except (OSError, ValueError, KeyError):
            continue  # a run that was damaged or cleared away is no report
    for _, period, report, place in sorted(found, key=lambda each: each[:3], reverse=True):
        try:
            rows = pq.read_table(place / "figures.parquet", columns=["figure_id", "kpi"]).to_pylist()
        except (OSError, ValueError):
            continue
        if made := [row["figure_id"].split(":", 2)[2] for row in rows if row["kpi"] == "finding"]:
            return f"{report} of {period}, the report published last,", made
    return None
