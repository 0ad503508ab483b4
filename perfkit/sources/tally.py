"""Tally: rows and money read, accepted, excluded and quarantined, and the proof that none got lost.

This is the one place that says what load.json holds about a table:

    rows, sums          all that was read: rows, and the exact sum of each money and quantity column
    accepted            {rows, sums}
    excluded            {rows, sums, unreadable}, and by rule [{column, test, because, rows, sums, unreadable,
                        automatic}]
    quarantined         {rows, sums, unreadable}, and by code of the reason {rows, sums}; of another currency also
                        currencies [{currency, rows, money}], the most rows first: money in that currency, or None

Sums are decimal texts, and in the company's currency. `unreadable` counts, by column, the rows whose amount is not
known, or is in another currency; their money is in no sum. rows = accepted + excluded + quarantined, and each sum
likewise.
"""

from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

from perfkit.errors import DataError, EngineError
from perfkit.sources.settings import Control, Exclusion

EXACTLY = Context(prec=60)

CURRENCIES = 20
"""Other currencies that are told apart: those of most rows; a column of other things may hold any number."""


@dataclass
class Tally:
    """The running counts of one table."""

    table: str
    amounts: tuple[str, ...]
    rules: list[dict[str, Any]]
    rows: dict[str, int] = field(default_factory=lambda: {"accepted": 0, "excluded": 0, "quarantined": 0})
    seen: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    reason_sums: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    sums: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    unknown: dict[str, dict[str, int]] = field(default_factory=dict)
    rule_sums: list[dict[str, Decimal]] = field(default_factory=list)
    rule_unknown: list[dict[str, int]] = field(default_factory=list)
    currencies: dict[str, tuple[int, Decimal | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, table: str, amounts: tuple[str, ...], exclude: tuple[Exclusion, ...]) -> "Tally":
        """Start at zero, with the table's declared rules."""
        rules: list[dict[str, Any]] = [
            {"column": rule.column, "test": _test(rule), "because": rule.because, "rows": 0, "automatic": False}
            for rule in exclude
        ]
        tally = cls(table, amounts, rules)
        tally.sums = {kind: dict.fromkeys(amounts, Decimal(0)) for kind in tally.rows}
        tally.unknown = {kind: dict.fromkeys(amounts, 0) for kind in tally.rows}
        tally.rule_sums = [dict.fromkeys(amounts, Decimal(0)) for _ in rules]
        tally.rule_unknown = [dict.fromkeys(amounts, 0) for _ in rules]
        return tally

    def add(self, kind: str, column: str, amount: Decimal) -> None:
        """Add money to what was accepted, excluded or quarantined."""
        self.sums[kind][column] = EXACTLY.add(self.sums[kind][column], amount)

    def exclude(self, rule: int, rows: int, sums: dict[str, Decimal], unreadable: dict[str, int]) -> None:
        """Count rows that a rule left out."""
        self.rules[rule]["rows"] += rows
        self.rows["excluded"] += rows
        for column, amount in sums.items():
            self.add("excluded", column, amount)
            self.rule_sums[rule][column] = EXACTLY.add(self.rule_sums[rule][column], amount)
            self.unreadable("excluded", column, unreadable.get(column, 0))
            self.rule_unknown[rule][column] += unreadable.get(column, 0)

    def rule(self, column: str, test: str, because: str, *, automatic: bool = False) -> int:
        """Return the number of a rule that is not in the settings; a new one is added."""
        rule = {"column": column, "test": test, "because": because, "rows": 0, "automatic": automatic}
        for number, each in enumerate(self.rules):
            if automatic and {**each, "rows": 0} == rule:
                return number
        self.rules.append(rule)
        self.rule_sums.append(dict.fromkeys(self.amounts, Decimal(0)))
        self.rule_unknown.append(dict.fromkeys(self.amounts, 0))
        return len(self.rules) - 1

    def leave_out(self, test: str, because: str, rows: int) -> None:
        """Count rows that are no rows of the table: totals, headings, blanks. What they state is no money of it."""
        self.exclude(self.rule("", test, because, automatic=True), rows, {}, {})

    @property
    def data_rows(self) -> int:
        """Rows read that are rows of the table: what a control total counts."""
        return sum(self.rows.values()) - sum(rule["rows"] for rule in self.rules if rule["automatic"])

    def quarantine(self, reason: str, rows: int, sums: dict[str, Decimal], unreadable: dict[str, int]) -> None:
        """Count quarantined rows by their first reason, with the amounts of them that can be read."""
        self.rows["quarantined"] += rows
        self.reasons[reason] = self.reasons.get(reason, 0) + rows
        known = self.reason_sums.setdefault(reason, dict.fromkeys(self.amounts, Decimal(0)))
        for column, amount in sums.items():
            self.add("quarantined", column, amount)
            known[column] = EXACTLY.add(known[column], amount)
        for column, count in unreadable.items():
            self.unreadable("quarantined", column, count)

    def abroad(self, currency: str, rows: int, money: Decimal | None) -> None:
        """Count rows set aside because they are in another currency, with their money in it; None: not readable."""
        before, sum_ = self.currencies.get(currency, (0, Decimal(0)))
        known = None if money is None or sum_ is None else EXACTLY.add(sum_, money)
        self.currencies[currency] = (before + rows, known)

    def unreadable(self, kind: str, column: str, rows: int) -> None:
        """Count rows whose amount is not known."""
        self.unknown[kind][column] += rows

    def total(self, column: str) -> Decimal:
        """Sum of a column over all that was read."""
        total = Decimal(0)
        for kind in self.rows:
            total = EXACTLY.add(total, self.sums[kind][column])
        return total

    def conserve(self, written_rows: int, written: dict[str, Decimal]) -> None:
        """Hold what was written, and what the independent count saw, against the tally.

        Raises
        ------
        EngineError
            If a row or a cent is missing or too much; nothing is published then.
        """
        counted = sum(self.rows.values())
        if self.seen != counted or written_rows != self.rows["accepted"]:
            raise EngineError(
                f"{self.table}: {self.seen:,} records stand in the files, {counted:,} were taken up and "
                f"{written_rows:,} of {self.rows['accepted']:,} accepted ones written. Nothing was kept. "
                "Please report this."
            )
        for column in self.amounts:
            if written[column] != self.sums["accepted"][column]:
                raise EngineError(
                    f"{self.table}: {column} adds up to {plain(self.sums['accepted'][column])} as read and to "
                    f"{plain(written[column])} as written. Nothing was kept. Please report this."
                )

    def control(self, control: Control) -> dict[str, Any]:
        """Hold the totals against those that the settings declare.

        Raises
        ------
        DataError
            If one is missed: expected, found and the difference.
        """
        expected: dict[str, int | Decimal] = {} if control.rows is None else {"rows": control.rows}
        expected |= control.sums
        for name, said in expected.items():
            if name != "rows" and name not in self.amounts:
                known = ", ".join(("rows", *self.amounts))
                raise DataError(f"[control] {self.table}: {name!r} has no total here; there are: {known}.")
            found = self.data_rows if name == "rows" else self.total(name)
            if found != said:
                hidden = sum(self.unknown[kind].get(name, 0) for kind in self.rows)
                unknown = f" The amount of {hidden} rows cannot be read, or is in another currency." if hidden else ""
                raise DataError(
                    f"[control] {self.table}: {name} should be {plain(said)} over all rows read, and is "
                    f"{plain(found)}, a difference of {plain(Decimal(found) - Decimal(said), signed=True)}.{unknown} "
                    "The export is not complete, or not the one that the control was taken from. Nothing was kept."
                )
        return {name: plain(said) if name != "rows" else said for name, said in expected.items()}

    def report(self) -> dict[str, Any]:
        """Return the counts as load.json holds them."""
        parts: dict[str, Any] = {
            kind: {
                "rows": self.rows[kind],
                "sums": {column: plain(amount) for column, amount in self.sums[kind].items()},
                "unreadable": self.unknown[kind],
            }
            for kind in self.rows
        }
        parts["excluded"]["rules"] = [
            {**rule, "sums": {column: plain(amount) for column, amount in sums.items()}, "unreadable": unknown}
            for rule, sums, unknown in zip(self.rules, self.rule_sums, self.rule_unknown, strict=True)
        ]
        parts["quarantined"]["reasons"] = {
            code: {
                "rows": self.reasons[code],
                "sums": {column: plain(amount) for column, amount in self.reason_sums[code].items()},
            }
            for code in sorted(self.reasons)
        }
        if self.currencies:
            parts["quarantined"]["reasons"]["other currency"]["currencies"] = [
                {"currency": code, "rows": rows, "money": None if money is None else plain(money)}
                for code, (rows, money) in sorted(self.currencies.items(), key=lambda each: (-each[1][0], each[0]))
            ][:CURRENCIES]
        return {
            "rows": sum(self.rows.values()),
            "sums": {column: plain(self.total(column)) for column in self.amounts},
            **parts,
        }


def plain(amount: Decimal | int, *, signed: bool = False) -> str:
    """Write an exact amount without an exponent and without zeros that say nothing."""
    text = format(Decimal(amount), "+f" if signed else "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "+0", "") else text


def _test(rule: Exclusion) -> str:
    """The test of a rule, as a person would write it."""
    if rule.test == "missing":
        return "is missing"
    said = rule.among if rule.test == "among" else getattr(rule, rule.test)
    words = {"among": "in", "equals": "=", "starts_with": "starts with", "matches": "matches"}
    shown = ", ".join(str(each) for each in said) if isinstance(said, tuple) else str(said)
    return f"{words[rule.test]} {shown}"
