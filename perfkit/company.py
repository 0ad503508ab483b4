"""Company: a folder, its settings, its tables, and the questions its data can answer."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd

from perfkit import actions as decided
from perfkit import contribution, doubts, languages, periods, questions, schema, sources
from perfkit import segments as parts
from perfkit.aggregations import fetch, only
from perfkit.drills import Drill, Found, asked_for, ties
from perfkit.errors import DataError, ParameterError, unknown
from perfkit.languages import plural, show, text
from perfkit.months import FIRST_DAYS, days_sold, month_sums
from perfkit.overview import Overview
from perfkit.periods import Period
from perfkit.settings import Settings, settings
from perfkit.sources.places import ROW_NUMBER

if TYPE_CHECKING:
    from perfkit.kpis.behind import Behind
    from perfkit.kpis.versus import Comparison


def _silent(message: str) -> None:
    """Say nothing: the default of a step's progress."""


def load(path: str | Path, *, exports: str | Path | None = None, step: Callable[[str], None] = _silent) -> "Company":
    """Load a company's exports into a checked snapshot, and open the company on it.

    What it displays is in its language from here on, unless `languages.use` has chosen one.

    Parameters
    ----------
    path : str or Path
        The company's folder.
    exports : str or Path, optional
        Where its exports lie, if not where company.toml says.
    step : callable, optional
        Told in words what is being done, for a progress bar.

    Raises
    ------
    ParameterError
        If company.toml is not understood.
    DataError
        If a file, a column or a total is not as declared, or a target makes no sense; nothing new is kept.
    """
    folder = Path(path)
    declared = settings(folder)
    languages.offer(declared.language)
    snapshot = sources.load(
        folder,
        declared.tables,
        declared.control,
        exports=Path(exports) if exports else folder / declared.exports,
        currency=declared.currency,
        timezone=declared.timezone,
        step=step,
        accept=lambda made: doubts.refuse_senseless_targets(Company(folder, declared, made)),
    )
    return Company(folder, declared, snapshot)


def open_company(path: str | Path, *, snapshot: str = "") -> "Company":
    """Open a company on a snapshot; one that was never loaded is loaded first.

    What it displays is in its language from here on, unless `languages.use` has chosen one.

    Parameters
    ----------
    path : str or Path
        The company's folder.
    snapshot : str, default ""
        Fingerprint of the snapshot, or its first characters; empty is the current one.

    Raises
    ------
    ParameterError
        If the folder or its settings are not understood, or there is no such snapshot.
    """
    folder = Path(path)
    declared = settings(folder)
    languages.offer(declared.language)
    if snapshot:
        return Company(folder, declared, sources.snapshots.find(folder, snapshot))
    current = sources.snapshots.current(folder)
    return Company(folder, declared, current) if current else load(folder)


def last_month(until: dt.date) -> Period:
    """Return the last month that is over on a day."""
    month = periods.month_of(until)
    return month if month.last_day <= until else month.previous()


class Company:
    """A company: its settings and one snapshot of its tables.

    Attributes
    ----------
    path : Path
    settings : Settings
    snapshot : sources.Snapshot
    """

    def __init__(self, path: Path, declared: Settings, snapshot: "sources.Snapshot") -> None:
        loaded_in = snapshot.report["currency"]
        if loaded_in != declared.currency:
            raise ParameterError(
                f"company.toml says {declared.currency}, and the amounts of snapshot {snapshot.fingerprint} are "
                f"{loaded_in}: its figures would bear the wrong currency. Load again, or write the currency back."
            )
        self.path = path
        self.settings = declared
        self.snapshot = snapshot

    def __repr__(self) -> str:
        return f"<Company {self.settings.name}, snapshot {self.snapshot.fingerprint[:12]}>"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.overview()._repr_mimebundle_()

    def overview(self) -> Overview:
        """Return what the company holds and how to go on; it is what `acme` shows."""
        first = self.first_day
        month = None if first is None else self.last_month()
        return Overview(
            name=self.settings.name,
            fingerprint=self.snapshot.fingerprint,
            tables={name: self.snapshot.report["tables"][name]["accepted"]["rows"] for name in self.snapshot.names},
            first=first,
            last=None if first is None else self.observed_until,
            month=month if month and first and month.end > first else None,
            segments=tuple(self.settings.segments),
            filters=tuple(self.settings.filters),
            coverage=self.coverage(),
        )

    def last_month(self) -> Period:
        """Return the last complete month of the data."""
        return last_month(self.observed_until)

    @property
    def currency(self) -> str:
        """The currency of every amount, an ISO code."""
        return self.settings.currency

    @cached_property
    def observed_until(self) -> dt.date:
        """Last complete day: from the settings, else the last day in sales."""
        if self.settings.observed_until:
            return periods.day(self.settings.observed_until)
        last: dt.date | None = self.table("sales").date.max().to_pyarrow().as_py()
        if last is None:
            raise DataError(
                "sales: no line was accepted, so there is nothing to report. See: perfkit check --quarantine"
            )
        return last

    def period(self, label: str) -> Period:
        """Return a complete period: "2026-10", "2026-Q3" or "FY2026".

        Where the data start within its first month, it is given all the same: its name says from which day.

        Raises
        ------
        ParameterError
            If it is not a period, or is not complete in the data.
        DataError
            If no line of sales is dated in it: a revenue of zero would look like a fact.
        """
        asked = periods.parse(label, fiscal_year_starts=self.settings.fiscal_year_starts)
        dates = self.table("sales").date
        try:
            whole = asked.complete(self.observed_until)
        except ParameterError as error:
            if self.settings.observed_until:
                raise
            hint = (
                f'If nothing was sold after it, write observed_until = "{asked.last_day}" at the top of company.toml.'
            )
            raise ParameterError(f"{error} {hint}") from None
        here = (dates >= ibis.date(whole.start.isoformat())) & (dates < ibis.date(whole.end.isoformat()))
        if not here.sum().to_pyarrow().as_py():
            raise DataError(
                f"{whole.label} holds no line of sales; the data go from {dates.min().to_pyarrow().as_py()} to "
                f"{dates.max().to_pyarrow().as_py()}. Is the export complete, and its last date right?"
            )
        return whole if self.first_day is None else whole.cut_at(self.first_day, late=self.starts_late)

    def table(self, name: str) -> ibis.Table:
        """Return a canonical table of the snapshot.

        Raises
        ------
        DataError
            If the company has not given it: what it would hold, and the line of company.toml to write.
        """
        if name not in schema.TABLES:
            raise ParameterError(unknown("table", name, schema.TABLES))
        if name not in self.snapshot.names:
            raise DataError(
                f"{name}: {self.settings.name} has not given this table ({schema.TABLES[name].row} a row). "
                f'Declare its file in company.toml: [tables.{name}] files = "..."; it has: '
                f"{', '.join(self.snapshot.names)}."
            )
        return self.snapshot.table(name)

    def frame(self, name: str) -> pd.DataFrame:
        """Return a canonical table as a DataFrame (money as Decimal)."""
        return self.table(name).to_pandas()

    def lines(self, *, segment: str = "", filter: str = "", split_by: str = "") -> ibis.Table:
        """Return the sales lines with their customer's and product's columns beside them.

        A dimension's column keeps its name where sales has none of that name (country, segment,
        category ...), else it is prefixed: customer_name, product_name. Lines without a match stay,
        their columns NULL, so no total moves.

        Parameters
        ----------
        segment, filter : str, optional
            Names of company.toml: only the lines of a segment's customers, or those that a filter lets through. What
            is left out, `scope` says.
        split_by : str, optional
            A segment: all lines, with a column in_<segment> that holds its name, or "≠ " and its name; missing where
            a line has no customer. It is a dimension: kpis.breakdown(acme.lines(split_by="gms"), by="in_gms", ...).

        Raises
        ------
        ParameterError
            If there is no such segment or filter, or one of its conditions does not suit its column.
        """
        return self._chosen(self._beside(self.table("sales")), segment, filter, split_by)

    def _beside(self, lines: ibis.Table) -> ibis.Table:
        """Set the customers' and products' columns beside sales lines."""
        for name, key, prefix in (("customers", "customer_id", "customer_"), ("products", "product_id", "product_")):
            if name in self.snapshot.names and key in lines.columns:
                lines = _joined(lines, self.table(name), key, prefix)
        return self.snapshot.named(lines)

    def _chosen(self, lines: ibis.Table, segment: str = "", filter: str = "", split_by: str = "") -> ibis.Table:
        """Choose lines by names of company.toml."""
        chosen = lines
        if filter:
            chosen = parts.filtered(chosen, _declared("filter", filter, self.settings.filters), filter)
            chosen = parts.with_first_purchase(chosen, lines)
        if segment:
            chosen = chosen.semi_join(self._members(segment, lines), "customer_id")
        if segment or filter:
            if not _any(chosen):
                self._refuse_empty(lines, segment, filter)
            chosen = self._dated(chosen)
        if self.starts_late:
            chosen = chosen.mutate(ibis.literal(True).name(schema.STARTS_LATE))
        if split_by:
            chosen = parts.split(chosen, self._members(split_by, lines), split_by)
        return chosen

    def _refuse_empty(self, lines: ibis.Table, segment: str, filter: str) -> None:
        """Refuse a segment or a filter that has no line of all of them: its conditions, and which values there are."""
        if not _any(lines):
            return
        asked: list[tuple[parts.Condition, ibis.Table]] = []
        name = ""
        if filter and not _any(parts.filtered(lines, self.settings.filters[filter], filter)):
            name = f"[filters.{filter}]"
            asked = [(condition, lines) for condition in self.settings.filters[filter].where]
        elif segment and not _any(lines.semi_join(self._members(segment, lines), "customer_id")):
            name, declared = f"[segments.{segment}]", self.settings.segments[segment]
            everyone = self.table("customers") if "customers" in self.snapshot.names else lines
            asked = [(condition, everyone) for condition in declared.where]
            asked += [(condition, lines) for condition in declared.bought]
        if not name:
            raise DataError(
                f"company.toml, [segments.{segment}] and [filters.{filter}] both hold lines of sales, and no line is "
                "in both, so there is nothing to report of them together. Name one of them."
            )
        said = [
            f"{{ {parts.in_words(condition)} }}, and {condition.column} holds "
            f"{parts.values_held(rows, condition.column)}"
            for condition, rows in asked
        ]
        raise DataError(
            f"company.toml, {name}: it asks for {'; and for '.join(said)}. No line of sales is in it, so there is "
            "nothing to report of it. Write values that are there, letter for letter, or take the block out."
        )

    def _dated(self, lines: ibis.Table) -> ibis.Table:
        """Note on lines that are a part of all when the data start, and in which months there is none at all."""
        first = self.first_day
        if first is None:
            return lines
        without = " ".join(f"{month.start:%Y-%m}" for month in self.months() if month.start not in self.sold_months)
        return lines.mutate(
            ibis.date(first.isoformat()).name(schema.DATA_FROM), ibis.literal(without).name(schema.WITHOUT_LINES)
        )

    def months(self) -> list[Period]:
        """Return the months from the first line to the last complete month."""
        if self.first_day is None:
            return []
        found, last = [periods.month_of(self.first_day)], self.last_month()
        while found[-1].end < last.end:
            found.append(periods.month_of(found[-1].end))
        return found

    @cached_property
    def sold_months(self) -> frozenset[dt.date]:
        """The first days of the months with a line of sales."""
        held = self.months()
        sums = month_sums(self.table("sales"), held[0].start, held[-1].end) if held else {}
        return frozenset(dt.date(year, month, 1) for year, month in sums)

    @cached_property
    def first_day(self) -> dt.date | None:
        """The first day of sales; None where there is no line."""
        if "sales" not in self.snapshot.names:
            return None
        first: dt.date | None = self.table("sales").date.min().cast("date").to_pyarrow().as_py()
        return first

    @cached_property
    def starts_late(self) -> bool:
        """Whether the first month misses a working day on which the other months sell, see `periods.starts_late`."""
        if self.first_day is None or self.first_day.day == 1:
            return False
        sold = days_sold(self.table("sales"), FIRST_DAYS)
        return periods.starts_late(self.first_day, sold, self.observed_until, self.settings.calendar)

    def _members(self, segment: str, lines: ibis.Table) -> ibis.Table:
        """The customers of a segment, each once."""
        declared = _declared("segment", segment, self.settings.segments)
        customers = self.table("customers") if "customers" in self.snapshot.names else None
        return parts.members(declared, segment, lines, customers)

    def segment(self, name: str, *, period: Period | None = None) -> parts.Scope:
        """Return a segment's customers (`.ids`), and their part in the lines and the revenue.

        Parameters
        ----------
        name : str
            Of company.toml.
        period : Period, optional
            Count lines dated in it; else all of them.
        """
        lines = self.lines()
        ids = self._members(name, lines)
        if "customers" in self.snapshot.names and "name" in (customers := self.table("customers")).columns:
            ids = ids.left_join(customers.select("customer_id", "name"), "customer_id").select("customer_id", "name")
        found = ids.order_by("customer_id").to_pandas()
        return self._scope(lines, self.lines(segment=name), self._label(name, ""), period, found)

    def scope(self, *, segment: str = "", filter: str = "", period: Period | None = None) -> parts.Scope:
        """Return what a report of a segment or filter holds of the whole, and what it leaves out.

        Without either it is the whole, and shows nothing.
        """
        part = self.lines(segment=segment, filter=filter)
        return self._scope(self.lines(), part, self._label(segment, filter), period)

    def _scope(
        self, lines: ibis.Table, part: ibis.Table, name: str, period: Period | None, ids: pd.DataFrame | None = None
    ) -> parts.Scope:
        return parts.scope(lines, part, name=name, period=period, currency=self.currency, ids=ids)

    def _label(self, segment: str, filter: str) -> str:
        """What readers call a part: its segment's label, its filter's, or both."""
        named: list[tuple[str, str, Mapping[str, Any]]] = [
            ("segment", segment, self.settings.segments),
            ("filter", filter, self.settings.filters),
        ]
        return ", ".join(_declared(what, name, known).label or name for what, name, known in named if name)

    def drill(
        self, figure: Any, *, findings: Found | None = None, segment: str = "", filter: str = "", split_by: str = ""
    ) -> Drill:
        """Return the lines behind a figure, of sales and of costs, each with its file, sheet and line in the exports.

        Parameters
        ----------
        figure : str, row of `.figures()`, or Finding
            A figure's id, such as "scorecard:2026-10:revenue" or "breakdown:country:2026-10:=FR"; a row is held
            against what its lines come to; of a finding, the first of the figures that it quotes.
        findings : Findings, optional
            Then figure may be the id of one of them, as the report prints it: "margin_fell_in:country".
        segment, filter, split_by : str, optional
            As given to `lines` when the figure was made.

        Raises
        ------
        ParameterError
            If no figure is called so, or no line stands behind it.
        DataError
            If the data do not hold its period, or the figure is not available in it: the reason is given. If a row's
            figure is not what the lines come to: it was made from other lines. Or if the snapshot was loaded by an
            earlier perfkit, which did not keep the places.
        """
        from perfkit.kpis.behind import PART, in_one, lines_behind, not_available  # here: they need time to load

        given = figure if isinstance(figure, Mapping | pd.Series) and findings is None else {}
        ids = asked_for(figure, findings)
        found = lines_behind(
            ids[0],
            self._chosen(self._numbered_lines, segment, filter, split_by),
            currency=self.currency,
            fiscal_year_starts=self.settings.fiscal_year_starts,
            calendar=self.settings.calendar,
            costs=self._numbered_costs,
            observed_until=self.observed_until,
            part=self._part_of_id,
        )
        if "estimate" in given and languages.missing(given["estimate"]):
            raise DataError(not_available(ids[0], given.get("reason") or ""))
        rows = in_one(self._placed(found))
        value = found.value(rows) if found.value else None
        marks = (schema.DATA_FROM, schema.WITHOUT_LINES, schema.STARTS_LATE, schema.FIRST_BOUGHT)
        unshown = [*marks, *([] if found.adds else [PART])]
        rows = rows.drop(columns=unshown, errors="ignore")
        drilled = Drill(rows, ids[0], value, found.unit, found.how, self.currency, also=ids[1:])
        made = found.made if value is None else value
        if "estimate" in given and made is not None and not ties(made, given["estimate"]):
            raise DataError(
                f"{ids[0]}: the figure says {given['estimate']}, its lines come to {made}. It was made from other "
                "lines: give drill the same segment, filter or snapshot."
            )
        return drilled

    def _placed(self, found: "Behind") -> list[pd.DataFrame]:
        """The lines, and the costs, behind a figure, each with its place in the exports before it."""
        tables = {} if found.lines is None else {"sales": found.lines}
        if found.costs is not None:
            tables |= {name: found.costs.filter(found.costs.source == name) for name in ("costs", "spend")}
        frames: list[pd.DataFrame] = []
        for name, table in tables.items():
            rows = fetch("drill", table.order_by(ROW_NUMBER))
            if len(rows) or not frames:
                places = self.snapshot.places(name, rows.pop(ROW_NUMBER).to_numpy("int64"))
                frames.append(pd.concat([places, rows], axis=1))
        return frames

    @cached_property
    def _numbered_lines(self) -> ibis.Table:
        """All lines as `lines` has them, with the number of each row of sales."""
        return self._beside(self.snapshot.numbered("sales"))

    @cached_property
    def _numbered_costs(self) -> ibis.Table | None:
        """Every cost as `costs` has it, with the number of its row in its own table."""
        found = []
        for name, given in (("costs", "booked"), ("spend", "spend")):
            if name not in self.snapshot.names:
                continue
            numbered: ibis.Table = self.snapshot.numbered(name)
            number = numbered[ROW_NUMBER].cast("string")
            # Of a cost, its driver alone is passed on as it is: the numbers ride in its place, and it joins them again.
            of = {"booked": None, "spend": None} | {given: numbered.mutate(number.name("driver"))}
            rows: Any = contribution.costs(**of, levels=self.settings.levels)
            driver = numbered.driver.cast("string") if "driver" in numbered.columns else ibis.null("string")
            drivers = numbered.select(number.name("_number"), driver.name("_driver"), ROW_NUMBER)
            rows = rows.join(drivers, rows.driver == drivers["_number"])
            found.append(rows.mutate(driver=rows["_driver"]).drop("_number", "_driver"))
        return ibis.union(*found) if len(found) > 1 else found[0] if found else None

    def _part_of_id(self, id: str) -> ibis.Table:
        """The numbered lines of a part of a comparison, by its id."""
        named = parts.part_of(id)
        one, other = self._two_parts(named.segment, named.filter, "")
        return other if named.others else one

    def targets(self, *, segment: str = "", filter: str = "") -> pd.DataFrame:
        """Return the targets, one row a KPI and month: from the targets table, else from company.toml.

        Columns: kpi, period (first day of the month), value, dimension, member, version. They are the whole
        company's: a part of it, a segment or what a filter leaves, has none.
        """
        columns = ["kpi", "period", "value", "dimension", "member", "version"]
        if segment or filter:
            return pd.DataFrame(columns=columns)
        if "targets" in self.snapshot.names:
            numbered = self.snapshot.numbered("targets").order_by(ROW_NUMBER)
            given = numbered.to_pandas().reindex(columns=columns)
            return given.assign(period=pd.to_datetime(given["period"]).dt.to_period("M").dt.start_time.dt.date)
        rows = [
            {"kpi": kpi, "period": periods.parse(month).start, "value": value}
            for kpi, months in self.settings.targets.items()
            for month, value in months.items()
        ]
        return pd.DataFrame(rows, columns=columns)

    def actions(self) -> dict[str, dict[str, Any]]:
        """Return what the company decided about findings, by finding id: audit/actions.toml, for improve.findings.

        Raises
        ------
        ParameterError
            If the file holds a key or a value that is not understood. An id that no rule has, findings refuses.
        """
        return decided.read(self.path)

    def compare(
        self,
        a: str = "",
        b: str = "",
        *,
        segment: str = "",
        filter: str = "",
        to: str = "",
        period: str | Period = "",
        by: str = "",
    ) -> "Comparison":
        """Set two periods, or two parts of a period, side by side.

        acme.compare("2026-Q3", "2026-Q2")
        acme.compare(segment="web", to="wholesale", period="2026-10")

        Parameters
        ----------
        a, b : str
            Two periods as long as each other; then segment and filter choose the lines of both.
        segment, filter : str, optional
            Without a and b: the part, set against `to`.
        to : str, optional
            Another segment (or filter, where no segment is named); empty is everything else.
        period : str or Period
            Of the two parts.
        by : str, optional
            A dimension, whose members' revenue is set side by side too.

        Raises
        ------
        ParameterError
            If it is not said what to compare, or a name or period is not known.
        DataError
            If a side has no line.
        """
        from perfkit.kpis.versus import compare  # here, because the analyses need time to load

        compared = partial(compare, currency=self.currency, by=by, calendar=self.settings.calendar)
        if a and b and not to and not period:
            lines, both = self.lines(segment=segment, filter=filter), (self.period(a), self.period(b))
            scopes = [self.scope(segment=segment, filter=filter, period=each) for each in both if segment or filter]
            return compared(lines, lines, periods=both, remarks=[each.sentence(dated=True) for each in scopes])
        if a or b or not period or not (segment or filter):
            raise ParameterError(
                "say which two: compare('2026-Q3', '2026-Q2'), or compare(segment='web', to='wholesale', "
                "period='2026-10') with names of company.toml."
            )
        when = self.period(period) if isinstance(period, str) else period
        one, other = self._two_parts(segment, filter, to)
        shared = only(fetch("overlap", parts.sums_of(one.semi_join(other, ROW_NUMBER), when)))
        part = parts.Part(segment, filter)
        rest = parts.Part(to if segment else "", filter if segment else to) if to else replace(part, others=True)
        remarks = [self.scope(segment=segment, filter=filter, period=when).sentence()]
        if to:
            remarks.append(self.scope(segment=rest.segment, filter=rest.filter, period=when).sentence())
        if shared["lines"]:
            money = show(shared["revenue"], self.currency)
            remarks.append(
                plural(
                    "{n} line, {money}, is in both parts.",
                    "{n} lines, {money}, are in both parts.",
                    int(shared["lines"]),
                    money=money,
                )
            )
        within = self._label("", filter) if segment else ""  # which both sides are of
        others = ", ".join([text("All others"), *([within] if within else [])])
        return compared(
            one.drop(ROW_NUMBER),
            other.drop(ROW_NUMBER),
            periods=(when, when),
            names=(self._label(segment, filter), self._label(rest.segment, rest.filter) if to else others),
            ids=(part.id, rest.id),
            remarks=remarks,
        )

    def _two_parts(self, segment: str, filter: str, to: str) -> tuple[ibis.Table, ibis.Table]:
        """The numbered lines of a segment (or filter), and those of another, or of everything else."""
        lines = self._dated(self._numbered_lines)
        if not segment:
            one = self._chosen(lines, filter=filter)
            if to:
                return one, self._chosen(lines, filter=to)
            return one, parts.with_first_purchase(lines.anti_join(one, ROW_NUMBER), lines)
        base = self._chosen(lines, filter=filter)
        one = base.semi_join(self._members(segment, lines), "customer_id")
        return one, base.semi_join(self._members(to, lines), "customer_id") if to else base.anti_join(one, ROW_NUMBER)

    def coverage(self) -> questions.Coverage:
        """Return which questions the data can answer, and what to ask for where they cannot."""
        from perfkit.kpis.targets import held_targets  # here, because the analyses need time to load

        until = periods.day(self.settings.observed_until) if self.settings.observed_until else None
        targets, books = self.targets(), self.books()
        shares, money = questions.carried(
            self.lines(), targets=held_targets(targets), books=books, observed_until=until
        )
        given = {
            "targets": bool(targets["dimension"].isna().any()),
            "targets_by_member": bool(targets["member"].notna().any()),
            "ledger": books is not None,
        }
        there = [name for name, is_there in given.items() if is_there]
        return questions.coverage(shares, money, doubts.unmatched(self, shares), there)

    def notices(self) -> list[str]:
        """Return what a person should know before any figure is read.

        Months in which an export may be missing, targets that are given twice, segments and filters without lines.
        """
        return doubts.notices(self)

    def silent_months(self) -> tuple[Period, ...]:
        """Return the months within the data without one line of sales, whose export may be missing.

        They are those of a report (see `months.silent_months`), but only where the months around them sell: three
        on each side, as far as the data hold them. Who sells now and then misses none.
        """
        return doubts.silent_months(self)

    def costs(self) -> ibis.Table | None:
        """Return every cost beyond the goods of the lines, each of one level; None where the company has given none.

        What the costs table and marketing spend hold; a kind's level may be declared: [levels] "Commissions" = "cm1".
        See `contribution.costs`.
        """
        booked, spend = (self.table(name) if name in self.snapshot.names else None for name in ("costs", "spend"))
        return contribution.costs(booked, spend, levels=self.settings.levels)

    def books(self) -> ibis.Table | None:
        """Return the entries of the ledger, or None where the company has not given it."""
        return self.table("ledger") if "ledger" in self.snapshot.names else None

    def set_aside(self) -> pd.DataFrame:
        """Return the documents of sales that were set aside at load: in another currency, or unreadable.

        For `margins.ledger.tie(..., set_aside=acme.set_aside())`; see `sources.set_aside.documents` for its columns.
        """
        return sources.set_aside.documents(self.snapshot)

    def reconciliation(self) -> "sources.Reconciliation":
        """Return what was read and what was left out of it, in rows and money, tied to the source."""
        return sources.reconciliation(self.snapshot, currency=self.currency, observed_until=self.observed_until)


def _any(lines: ibis.Table) -> bool:
    return bool(len(lines.head(1).to_pyarrow()))


def _declared(what: str, name: str, known: Mapping[str, Any]) -> Any:
    """What company.toml says under a name."""
    if name in known:
        return known[name]
    hint = "" if known else f" Declare one in company.toml: [{what}s.{name}] where = [...]"
    raise ParameterError(unknown(what, name, known) + hint)


def _joined(lines: ibis.Table, dimension: ibis.Table, key: str, prefix: str) -> ibis.Table:
    """Set a dimension's columns beside the lines, at most one row each: its keys are unique, by the load.

    No column of a dimension takes a name that sales uses for something else: a product list's own `cost`
    is not the cost of a line.
    """
    taken = {name.casefold() for name in (*lines.columns, *schema.SALES.names, "name")}
    canonical = [name for name in schema.TABLES[prefix.removesuffix("_") + "s"].names if name in dimension.columns]
    named: dict[str, str] = {}
    for column in dict.fromkeys((*canonical, *dimension.columns)):
        if column != key:
            new = column if column.casefold() not in taken else prefix + column.removeprefix(prefix)
            while new.casefold() in taken:
                new = prefix + new
            taken.add(new.casefold())
            named[new] = column
    beside = dimension.select(dimension[key].name("_key"), **{new: dimension[old] for new, old in named.items()})
    return lines.left_join(beside, lines[key] == beside["_key"]).drop("_key")
