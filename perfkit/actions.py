"""Actions: what the company decided about a report's findings, as audit/actions.toml says."""

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from perfkit.errors import ParameterError
from perfkit.sources.settings import checked

NAME = "audit/actions.toml"


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
    cost: Decimal = Field(default=Decimal(0), ge=0)
    achievable: Decimal = Field(default=Decimal(1), ge=0, le=1)

    @field_validator("due", mode="before")
    @classmethod
    def _a_day(cls, said: Any) -> Any:
        if isinstance(said, dt.datetime) or not isinstance(said, dt.date):
            raise ValueError(f"due = {said!r} is no date: write one such as 2026-10-31, without quotes")
        return said


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what is said of each finding, by its id; {} where the company has no such file.

    Raises
    ------
    ParameterError
        If the file cannot be read, or a key or value is not understood.
    """
    path = folder / NAME
    if not path.exists():
        return {}
    try:
        said = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ParameterError(f"{NAME} cannot be read: {error}.") from None
    for finding, block in said.items():
        if not isinstance(block, dict):
            raise ParameterError(f"{NAME}: {finding} = {block!r} stands in no block. Write above it: [FINDING_ID]")
    found = {finding: checked(Action, block, where=f"{NAME}, [{finding}]") for finding, block in said.items()}
    return {finding: action.model_dump(exclude_unset=True) for finding, action in found.items()}
