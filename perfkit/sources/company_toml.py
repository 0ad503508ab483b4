"""company.toml as plain values, or a refusal: not text, not TOML, too large, or holding a secret.

A secret is looked for in the text before it is parsed, comments included, and in every key and value after, so that
no later message can repeat it: nothing here says what a value is.
"""

import math
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perfkit.errors import ParameterError

NAME = "company.toml"

LARGEST = 1_000_000
"""Bytes of company.toml."""

DEEPEST = 20
"""Tables within tables."""

_WORDS = (
    r"(?:password|passwd|passphrase|pwd|mot[ _-]?de[ _-]?passe|mdp|secret|token|credentials?|authorization"
    r"|(?:api|access|secret|private)[ _-]?key)"
)
_NAMED = re.compile(rf"(?:.*[^a-z])?{_WORDS}", re.I)
"""A key that holds a secret, whole; `url_env` and `password_env` name an environment variable."""

_ASSIGNED = re.compile(
    rf"(?<![a-z])({_WORDS})[\"']?[ \t]*(?:=[ \t]*[^\s;&,]|:[ \t]*[\"']?[^\s\"']+[\"']?,?[ \t]*$)", re.I
)
_LOGIN = re.compile(
    r"//[^\s/@:\"]{0,200}:(?!\d{1,5}[/?#\s\"'])[^\s@\"]{1,500}@|jdbc:[^\s@/\"]{1,200}/[^\s@\"]{1,200}@", re.I
)
_BARE_LOGIN = re.compile(r"[\w.%+-]{1,100}:(?!//)[^\s@]{1,200}@[\w.-]{1,200}(?::\d{1,5})?(?:/\S*)?")
_KNOWN = re.compile(
    r"\b(?:[sr]k_live_|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA[0-9A-Z]{12}|eyJ[\w-]{8,500}\.eyJ)"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY|\bBearer [\w.~+/-]{12}|\b(?:Account|SharedAccess)Key=\S"
)
"""How tokens of well-known makers begin."""

_HOW = 'A secret never stands in company.toml; name an environment variable: url_env = "ACME_CRM_URL".'


def read(folder: Path) -> dict[str, Any]:
    """Read company.toml.

    Raises
    ------
    ParameterError
        If it is not a file of the folder, not UTF-8, not TOML, too large or too deep, or holds a secret.
    """
    text = _text(_raw(folder))
    _refuse_secrets_in_text(text)
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > 1_000:  # tomllib takes minutes over a key of so many parts
            raise ParameterError(
                f"{NAME}, line {number}: it holds more than 1,000 points. Break it into several lines."
            )
    try:
        said = tomllib.loads(text)
    except RecursionError:
        raise ParameterError(f"{NAME}: lists or tables stand in each other too deeply. Nothing was loaded.") from None
    except ValueError as error:
        why = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "a number has too many digits"
        why = why.partition("(at ")[2] if _secret_in(why) else why
        raise ParameterError(f"{NAME} cannot be read: {why}. Nothing was loaded.{_twice(text, why)}") from None
    _refuse_odd_values(said)
    return said


def _twice(text: str, why: str) -> str:
    """What to write where a block stands twice; empty where that is not what is wrong."""
    if not re.match("Cannot (declare|overwrite|mutate)", why):
        return ""
    heads: dict[str, list[int]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if head := re.match(r"\s*\[{1,2}\s*([\w.-]{1,60})\s*\]{1,2}", line):
            heads.setdefault(head[1], []).append(number)
    told = re.search(r"line (\d+)", why)
    twice = [name for name, lines in heads.items() if len(lines) > 1 and told and int(told[1]) in lines]
    if not twice:
        return ""
    name, lines = twice[0], ", ".join(map(str, heads[twice[0]]))
    if re.fullmatch(r"tables\.[\w-]+", name):
        return (
            f" Lines {lines} begin a block of the same table. Where files of two shapes make it, both blocks stand, "
            f"and each begins with [[{name}]], with two brackets, the first one too; where the new block replaces the "
            "old one, delete the old one with its columns."
        )
    return f" [{name}] stands in lines {lines}, and a block of that name stands once: write what they say in one."


def _raw(folder: Path) -> bytes:
    path = folder / NAME
    try:
        held = path.resolve()
        mode = held.stat().st_mode
        inside = held.is_relative_to(folder.resolve())
    except FileNotFoundError:
        raise ParameterError(
            f"{folder} is not a company's folder: it holds no company.toml. Make one with: perfkit new {folder}"
        ) from None
    except (OSError, RuntimeError) as error:  # links in a ring
        said = error.strerror if isinstance(error, OSError) else "it is a link to itself"
        raise ParameterError(f"{path} cannot be read: {said}.") from None
    if not inside:
        raise ParameterError(f"{path} is a link that leads out of the company's folder. Put the file itself there.")
    if not stat.S_ISREG(mode):
        raise ParameterError(f"{path} is a folder or no regular file. Put the settings in a text file of that name.")
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror}.") from None
    if len(raw) > LARGEST:
        raise ParameterError(f"{path} is larger than {LARGEST / 1e6:g} MB, so it is not settings. Look what it is.")
    return raw


def _text(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ParameterError(f"{NAME}, line 1: it is UTF-16. Save it as UTF-8. Nothing was loaded.")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        byte = error.object[error.start]
        raise ParameterError(
            f"{NAME}, line {line}, byte {column} (0x{byte:02X}): not UTF-8. Save it as UTF-8. Nothing was loaded."
        ) from None


def _refuse_secrets_in_text(text: str) -> None:
    """The lines as they stand, comments and broken TOML too."""
    for number, line in enumerate(text.split("\n"), 1):
        if what := _secret_in(line):
            key = re.match(r"\s*#?\s*([\w.-]{1,60})\s*=", line)
            where = f", {key[1]}" if key and not _secret_in(key[1]) else ""
            raise ParameterError(f"{NAME}, line {number}{where}: it holds {what}. {_HOW}")


def _secret_in(text: str) -> str:
    """What kind of secret a text holds; empty where it holds none."""
    if _LOGIN.search(text) or _BARE_LOGIN.fullmatch(text):
        return "an address with a user and a password"
    if found := _ASSIGNED.search(text):
        return f"a secret behind {found[1]}"
    return "what looks like a token or a key" if _KNOWN.search(text) else ""


def _refuse_odd_values(said: dict[str, Any]) -> None:
    """Every key and value: a secret, a number that is none, a NUL, a depth that no setting has."""
    for path, value in _walked(said):
        if wrong := _odd(path[-1], value, len(path)):
            named = path[:-1] if _secret_in(path[-1]) else path
            where = ".".join(part[:60] for part in named)
            raise ParameterError(f"{NAME}{', ' if where else ''}{where}: {wrong}")


def _odd(key: str, value: Any, depth: int) -> str:
    """What is wrong with a key and its value; empty where nothing is."""
    if what := _secret_in(key) or (isinstance(value, str) and _secret_in(value)):
        return f"it holds {what}. {_HOW}"
    if _NAMED.fullmatch(key):
        return f"it holds a secret, by its name. {_HOW}"
    if "\0" in key or (isinstance(value, str) and "\0" in value):
        return "it holds a NUL character. Write it without."
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is not a finite number."
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return "the number has more than 64 bits. Write it as text."
    return f"tables stand in each other more than {DEEPEST} deep." if depth > DEEPEST else ""


def _walked(said: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with the keys that lead to it, tables too; what lies deeper than is allowed comes as it is."""
    left: list[tuple[tuple[str, ...], Any]] = [((key,), value) for key, value in reversed(said.items())]
    while left:
        path, value = left.pop()
        yield path, value
        inner = value.items() if isinstance(value, dict) else enumerate(value, 1) if isinstance(value, list) else ()
        left += [((*path, str(key)), each) for key, each in reversed(list(inner))]
