"""Faults: what is wrong in the demo's exports, on purpose, and where each wrong row stands.

Every writer keeps its table as rows of text while it plants, so that a fault is a changed cell or one more
row; the line on which it stands is known once the file is laid out. truth.json lists them all, and
`checks.differences` holds a load to that list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

Effect = Literal["set aside", "left out", "kept", "told"]
"""What a load does with a fault: sets its rows aside, leaves them out by a rule, lets them count, or only tells it."""


@dataclass(frozen=True)
class Fault:
    """One planted fault.

    Attributes
    ----------
    id : str
        Such as "erp-bad-date".
    table, file : str
        The canonical table, and the file in exports/.
    kind : str
        What is wrong, in a few words that several faults may share.
    effect : Effect
    reason : str
        Of what is set aside, the code of the quarantine; of what is left out, the rule's reason.
    rows : int
    money : str or None
        Exact sum of the table's money in these rows as it can be read; None where the table has none.
    ids : tuple of str
        Ids by which the rows are known, where they have some.
    places : tuple of dict
        file, sheet and line of each row, in the order of the file.
    says : str
        What a client's analyst would say of it.
    more : dict
        What only this kind has, such as the two files of an overlap.
    """

    id: str
    table: str
    file: str
    kind: str
    effect: Effect
    reason: str
    rows: int
    money: str | None
    ids: tuple[str, ...]
    places: tuple[dict[str, Any], ...]
    says: str
    more: dict[str, Any] = field(default_factory=dict)

    def entry(self) -> dict[str, Any]:
        """Return what truth.json says of it."""
        said = asdict(self)
        return {**said, "ids": list(self.ids), "places": list(self.places)}


class Page:
    """The rows of one file, or one sheet, as text, with faults among them.

    Attributes
    ----------
    cells : DataFrame of text
        Its rows under its headings.
    """

    def __init__(self, cells: pd.DataFrame, *, table: str, file: str, sheet: str | None = None) -> None:
        self.cells = cells.reset_index(drop=True)
        self.table, self.file, self.sheet = table, file, sheet
        self._declared: dict[str, dict[str, Any]] = {}
        self._added: list[tuple[float, str, dict[str, Any]]] = []
        self._changed: dict[str, list[int]] = {}

    def declare(
        self,
        id_: str,
        kind: str,
        effect: Effect,
        says: str,
        *,
        reason: str = "",
        money: Decimal | None = None,
        ids: Sequence[str] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what a fault is; its rows are then added or changed under its id. Fields as of `Fault`."""
        self._declared[id_] = {
            "kind": kind,
            "effect": effect,
            "says": says,
            "reason": reason,
            "money": None if money is None else f"{money:f}",
            "ids": tuple(ids),
            "more": dict(more or {}),
        }

    def add(self, id_: str, row: Mapping[str, Any], *, after: int) -> None:
        """Add a row of a fault behind row number `after`, from 0; -1 is above the first."""
        self._added.append((after + (len(self._added) + 1) / 10_000, id_, dict(row)))

    def change(self, id_: str, row: int, cells: Mapping[str, Any]) -> None:
        """Change cells of a row that there is, by heading."""
        for heading, value in cells.items():
            self.cells.at[row, heading] = value
        self._changed.setdefault(id_, []).append(row)

    def laid_out(self, first_line: int) -> tuple[pd.DataFrame, list[Fault]]:
        """Return all rows in their order, the first on that line, and the faults with their places."""
        rows, order = self.cells, pd.RangeIndex(len(self.cells))
        if self._added:
            added = pd.DataFrame([row for _, _, row in self._added], columns=self.cells.columns)
            rows = pd.concat([self.cells.astype(object), added.astype(object)], ignore_index=True)
            orders = pd.Series([*range(len(self.cells)), *(at for at, _, _ in self._added)], dtype=float)
            order = orders.sort_values(kind="stable").index
        at: dict[str, list[int]] = {id_: list(changed) for id_, changed in self._changed.items()}
        for number, (_, id_, _row) in enumerate(self._added):
            at.setdefault(id_, []).append(len(self.cells) + number)
        line = pd.Series(range(first_line, first_line + len(order)), index=order)
        faults = [
            Fault(
                id=id_,
                table=self.table,
                file=self.file,
                rows=len(at[id_]),
                places=tuple(
                    {"file": self.file, "sheet": self.sheet, "line": each} for each in sorted(line[at[id_]].tolist())
                ),
                **said,
            )
            for id_, said in self._declared.items()
        ]
        return rows.iloc[order], faults
