"""Rules on reliability: what do the figures not see? Nothing here is a loss, so nothing has a stake."""

from collections.abc import Iterator
from decimal import Decimal

from perfkit import languages
from perfkit.dimensions import dimension_name
from perfkit.improve.evidence import ENOUGH_COST, MATERIAL, Evidence
from perfkit.improve.findings import Action, Finding
from perfkit.kpis.scorecards import figure_id
from perfkit.languages import in_sentence, listing, percent, plural, text
from perfkit.periods import shifted

_BLIND = 0.05  # share of revenue without a customer, from which customer figures are told to be partial
_SHOWN = 0.001  # a share below it would be shown as zero
_NAMED = 3
_CAUSED = ("cogs", "cm1", "cm2")  # levels whose costs go with what is sold and served


def no_revenue(evidence: Evidence) -> Iterator[Finding]:
    """The period has no revenue, or less than none."""
    row = evidence.row("revenue")
    if row["actual"] > 0:
        return
    yield Finding(
        id="no_revenue",
        topic=text("a period without revenue"),
        claim=text(
            "The lines of {period} sum to zero: nothing can be said of a margin, a share or a rate.",
            period=evidence.now,
        )
        if row["actual"] == 0
        else text(
            "Returns and credit notes exceed the sales of {period}: revenue is {amount}.",
            period=evidence.now,
            amount=evidence.money(row["actual"]),
        ),
        value=row["actual"],
        unit=evidence.currency,
        basis=text(row["basis"]),
        reference=text("A period with sales"),
        action=Action(text("Check first that the export holds the sales of the period, and not its returns alone.")),
        caveat=text("It may be true: a closed business still takes returns."),
        tone=None,
        figure_ids=(figure_id(evidence.scorecard.period, "revenue"),),
    )


def silent_months(evidence: Evidence) -> Iterator[Finding]:
    """Months inside the data have no line, though the same month of the other year has some."""
    if evidence.trend is None or not evidence.silent:
        return
    shown = {cell["month"] for cell in evidence.trend.cells.to_dict("records")}
    yield Finding(
        id="silent_months",
        topic=text("months without a line"),
        claim=text(
            "No line is dated in {months}: either nothing was sold, or an export is missing.",
            months=listing(month.name() for month in evidence.silent),
        ),
        value=len(evidence.silent),
        unit="count",
        basis=text("Months without one line, of those shown and of the year before, inside the days of the data"),
        reference=plural(
            "month without a line; each should have some",
            "months without a line; each should have some",
            len(evidence.silent),
        ),
        action=Action(text("Ask which: load the missing export, or note why nothing was sold.")),
        caveat=text("Until then, what such a month is part of has no stake."),
        tone=None,
        figure_ids=tuple(
            f"trend:{month.label}:revenue"
            if month.start in shown
            else f"trend:{shifted(month.start, 12):%Y-%m}:revenue_before"
            for month in evidence.silent
        ),
        signed=False,
    )


def lines_set_aside(evidence: Evidence) -> Iterator[Finding]:
    """Lines of sales could not be read, so their money is in no figure."""
    if evidence.set_aside is None:
        return
    figures = evidence.set_aside.figures().set_index("kpi")
    if not {"sales_quarantined", "sales_read"} <= set(figures.index):
        return
    aside, read = figures.loc["sales_quarantined"], figures.loc["sales_read"]
    if not aside["n"] or aside["n"] / read["n"] < _SHOWN:
        return
    known = aside["estimate"] is not None
    yield Finding(
        id="lines_set_aside",
        topic=text("lines that could not be read"),
        claim=plural(
            "{n} line of sales could not be read, {share} of them: {amount} is in no figure.",
            "{n} lines of sales could not be read, {share} of them: {amount} is in no figure.",
            int(aside["n"]),
            share=percent(aside["n"] / read["n"]),
            amount=evidence.money(aside["estimate"]) if known else text("an amount that nobody knows"),
        ),
        value=aside["estimate"] if known else int(aside["n"]),
        unit=evidence.currency if known else "count",
        basis=text("Amounts of the lines set aside, as far as they can be read, over all files"),
        reference=text("Every line read"),
        action=Action(text("Correct them at the source: the appendix lists them with file and reason.")),
        caveat=text("They may lie outside the period, and some may be no sales at all."),
        tone=None,
        figure_ids=(aside["figure_id"],),
        signed=False,
    )


def books_do_not_tie(evidence: Evidence) -> Iterator[Finding]:
    """Sales and the books differ by an amount that no cause explains."""
    tie = evidence.tie
    if tie is None or tie.reason:
        return
    residual, sales = tie.total("residual"), tie.total("sales")
    if not residual or abs(residual) < Decimal(str(MATERIAL)) * abs(sales):
        return
    yield Finding(
        id="books_do_not_tie",
        topic=text("the gap to the books"),
        claim=text(
            "Sales and the books differ by {gap}, of which nothing explains {residual}.",
            gap=evidence.money(abs(tie.total("gap"))),
            residual=evidence.money(abs(residual)),
        ),
        value=residual,
        unit=evidence.currency,
        basis=text("The gap less its causes"),
        reference=text("Sales: {amount}", amount=evidence.money(sales)),
        action=Action(text("Go through the documents listed with the accountant before quoting revenue outside.")),
        caveat=text("It says that one of the two is incomplete, not which."),
        tone=None,
        figure_ids=("ledger:residual:all",),
    )


def cost_missing(evidence: Evidence) -> Iterator[Finding]:
    """The cost is known for a part of the sales only."""
    row = evidence.row("cost_coverage")
    covered = row["actual"]
    if languages.missing(covered) or not 0 < covered < ENOUGH_COST:
        return
    yield Finding(
        id="cost_missing",
        topic=text("missing costs"),
        claim=text(
            "The cost is known for {share} of the amounts only: no margin is claimed, and stakes are in revenue.",
            share=percent(covered),
        ),
        value=covered,
        unit="share",
        basis=text(row["basis"]),
        reference=text("{share} of the amounts", share=percent(ENOUGH_COST, 0)),
        action=Action(text("Ask for the unit cost of the products that lack it, the largest first.")),
        caveat=text("It is no loss; it is what cannot be seen."),
        tone=None,
        figure_ids=(figure_id(evidence.scorecard.period, "cost_coverage"),),
        signed=False,
    )


def anonymous_revenue(evidence: Evidence) -> Iterator[Finding]:
    """A part of revenue has no customer."""
    row = evidence.row("identified_share")
    if row["actual"] is None or 1 - row["actual"] < _BLIND:
        return
    blind = min(1 - row["actual"], 1)
    yield Finding(
        id="anonymous_revenue",
        topic=text("sales without a customer"),
        claim=text("No line of the period names its customer: no customer figure can be given.")
        if blind == 1
        else text("{share} of revenue has no customer, so no customer figure sees it.", share=percent(blind)),
        value=blind,
        unit="share",
        basis=text("Net revenue of lines without a customer / net revenue of the period"),
        reference=text("Every sale with its customer"),
        action=Action(text("Ask how these sales are made, and record the customer where it can be done.")),
        caveat=text("It is no loss; it is what cannot be seen."),
        tone=None,
        figure_ids=(figure_id(evidence.scorecard.period, "identified_share"),),
        signed=False,
    )


def costs_unallocated(evidence: Evidence) -> Iterator[Finding]:
    """Variable costs and costs to serve reach no member, because nothing measures its part: where there are most."""
    found = []
    for result in evidence.earners:
        left = result.unallocated
        if result.reason or result.costs_total is None or len(result.dimensions) != 1 or left.empty:
            continue
        rows = left[left["level"].isin(_CAUSED)].to_dict("records")
        amount = sum((row["amount"] for row in rows), Decimal(0))
        if amount > 0 and evidence.is_material_profit(amount):
            found.append((amount, result, sorted(rows, key=lambda row: (-row["amount"], str(row["kind"])))))
    if not found:
        return
    amount, result, rows = max(found, key=lambda each: (each[0], each[1].dimensions))
    by = result.dimensions[0]
    asks = list(dict.fromkeys(row["ask"] for row in rows if row["ask"]))
    kinds = list(dict.fromkeys(row["kind"] or text("(no name)") for row in rows))
    levels = dict.fromkeys(row["level"] for row in rows)
    yield Finding(
        id=f"costs_unallocated:{by}",
        topic=text("costs that nothing measures"),
        claim=text(
            "By {dimension}, {amount} of variable costs and costs to serve reach no member, first {kinds}: the margins "
            "after them are too high by that.",
            dimension=in_sentence(dimension_name(by)),
            amount=evidence.money(amount),
            kinds=listing(kinds[:_NAMED]),
        ),
        value=amount,
        unit=evidence.currency,
        basis=text("Costs of the period down to the costs to serve that reach no member"),
        reference=text("Each of these costs with the driver, the customer or the channel that causes it"),
        action=Action(" ".join(asks)),
        caveat=text("It is no loss; it is what cannot be seen."),
        tone=None,
        figure_ids=tuple(f"profitability:{by}:{result.period.label}:unallocated:{level}" for level in levels),
        signed=False,
    )
