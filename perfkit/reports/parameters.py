"""Parameters: what may be told to a report, of which type, before any kernel starts.

A notebook declares them as typed literals in its cell tagged `parameters`. Names and types are
checked here against that cell alone, because papermill only warns about a misspelt name and would
run the name of a parameter as code.
"""

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from perfkit.errors import ParameterError, unknown

TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
_SECRET_NAME = re.compile(
    r"(^|_)(password|passwd|pwd|passphrase|secret|token|credentials?|dsn|(api|access|private|auth|secret)_?key)(_|$)"
)
_SECRET_VALUE = re.compile(r"\w+://[^/\s:@]*:[^/\s@]+@")  # a URL with a password in it
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Parameter:
    """One parameter that a notebook declares.

    Attributes
    ----------
    name : str
    type : type
        One of str, int, float and bool.
    default : str, int, float or bool
    """

    name: str
    type: type
    default: Any


def declared(notebook: Mapping[str, Any], name: str) -> dict[str, Parameter]:
    """Read the parameters that a notebook declares, without running it.

    Parameters
    ----------
    notebook : notebook node
    name : str
        How messages call it.

    Raises
    ------
    ParameterError
        If it has not exactly one cell tagged `parameters`, or that cell holds more than literals.
    """
    cells = [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and "parameters" in cell["metadata"].get("tags", [])
    ]
    if len(cells) != 1:
        raise ParameterError(
            f"{name}: {len(cells)} cells are tagged 'parameters'. A report needs exactly one, so that its parameters "
            "can be checked before it runs: tag one cell (in JupyterLab: Property Inspector, Cell Tags)."
        )
    try:
        statements = ast.parse(cells[0]["source"]).body
    except SyntaxError as error:
        raise ParameterError(f"{name}: its parameters cell is not Python: {error.msg}, line {error.lineno}.") from None
    found = [_parameter(statement, name) for statement in statements]
    return {parameter.name: parameter for parameter in found}


def _parameter(statement: ast.stmt, notebook: str) -> Parameter:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id=kind), value=ast.expr() as value):
            declared_type = TYPES.get(kind)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            declared_type = None
        case _:
            raise _not_a_literal(statement, notebook)
    try:
        default = ast.literal_eval(value)
    except ValueError:
        raise _not_a_literal(statement, notebook) from None
    declared_type = declared_type or type(default)
    if declared_type is float and type(default) is int:
        default = float(default)
    if declared_type not in TYPES.values() or type(default) is not declared_type:
        raise _not_a_literal(statement, notebook)
    if _SECRET_NAME.search(name.lower()):
        raise ParameterError(
            f"{notebook}: {name!r} looks like a secret, and a parameter is printed in the report. "
            "Name an environment variable in company.toml instead (url_env = ...)."
        )
    return Parameter(name, declared_type, default)


def _not_a_literal(statement: ast.stmt, notebook: str) -> ParameterError:
    return ParameterError(
        f"{notebook}: its parameters cell holds {ast.unparse(statement)!r}. It takes literals only, such as "
        'period: str = "2026-10" (str, int, float or bool); derive the rest in the next cell.'
    )


def checked(parameters: Mapping[str, Parameter], given: Mapping[str, object]) -> dict[str, Any]:
    """Return the given values in their declared types; a text is read as the type that is declared.

    Raises
    ------
    ParameterError
        If a name is not declared, or a value is not of the declared type.
    """
    for name in given:
        if name not in parameters:
            raise ParameterError(unknown("parameter", str(name), parameters))
    return {name: _value(parameters[name], value) for name, value in given.items()}


def _value(parameter: Parameter, value: object) -> Any:
    read = _read(parameter.type, value)
    if read is None:
        raise ParameterError(
            f"parameter {parameter.name} takes {_IN_WORDS[parameter.type]}, not {value!r}: "
            f"write it like its default, {parameter.name}={parameter.default}."
        )
    if isinstance(read, str) and _SECRET_VALUE.search(read):
        raise ParameterError(
            f"parameter {parameter.name} holds an address with a password, and a parameter is printed in the report. "
            "Name an environment variable in company.toml instead (url_env = ...)."
        )
    return read


_IN_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _read(wanted: type, value: object) -> Any:
    """Return the value in the wanted type, or None where it cannot be read so."""
    if type(value) is wanted:
        return None if isinstance(value, float) and not math.isfinite(value) else value
    if wanted is float and type(value) is int:
        return float(value)
    if not isinstance(value, str):
        return None
    if wanted is bool:
        return _WORDS.get(value.strip().lower())
    if wanted is int and re.fullmatch(r"\s*[+-]?[0-9]+\s*", value):
        return int(value)
    if wanted is float and re.fullmatch(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", value):
        return _read(float, float(value))
    return None
