"""Which lines are behind a figure?

A figure's id says what it is: lines_behind("breakdown:country:2026-10:=FR", lines) are the lines of France of October
2026. The lines come back as an expression, for whoever knows where they are kept; what they come to is reckoned
anew from the lines themselves, line by line, so that it proves the figure instead of repeating it.
"""

import datetime as dt
from collections.abc import Callable, Mapping

import ibis
import pandas as pd

from perfkit.errors import ParameterError, unknown
from perfkit.kpis.behind import changes, margins, parts, prices, sides
from perfkit.kpis.behind.asked import Asked, Behind
from perfkit.lines import checked


def lines_behind(
    figure_id: str,
    lines: ibis.Table | pd.DataFrame,
    *,
    currency: str,
    fiscal_year_starts: str = "01-01",
    calendar: str = "",
    costs: ibis.Table | None = None,
    observed_until: dt.date | None = None,
    part: Callable[[str], ibis.Table] | None = None,
) -> Behind:
    """Return the lines behind a figure, and how they make it.

    Parameters
    ----------
    figure_id : str
        As `.figures()` of a result of sales or of margins gives it.
    lines : table or DataFrame, one row a line, columns of `schema.SALES`
        Those that the result was made from.
    currency : str
        ISO code of every amount.
    fiscal_year_starts, calendar : str
        See `periods.parse` and `periods.working_days`.
    costs : table, optional
        As `contribution.costs` gives it; with more columns, such as the number of a row, which come back.
    observed_until : date, optional
        Last complete day of the data: figures of a later period are refused.
    part : callable, optional
        Returns the lines of a part of the business by its id in a comparison.

    Raises
    ------
    ParameterError
        If no figure is called so, or it has no lines, such as a target; the reason is given.
    DataError
        If the data do not hold its period, or the figure is not available in it; the reason is given.
    """
    kind, *rest = str(figure_id).split(":")
    if kind in NOT_LINES:
        raise ParameterError(f"{figure_id}: {NOT_LINES[kind]}")
    if kind not in KINDS:
        raise ParameterError(
            f"{figure_id!r}: {unknown('kind of figure', kind, KINDS)} If it is the id of a finding, say among which: "
            f"drill({str(figure_id)!r}, findings=findings)."
        )
    asked = Asked(
        str(figure_id), tuple(rest), checked(lines), currency, fiscal_year_starts, calendar, costs, observed_until, part
    )
    return KINDS[kind](asked)


KINDS: Mapping[str, Callable[[Asked], Behind]] = {
    "scorecard": parts.scorecard,
    "trend": parts.trend,
    "breakdown": parts.breakdown,
    "movers": changes.movers,
    "trend_by": parts.trend_by,
    "concentration": parts.concentration,
    "revenue_tree": changes.revenue_tree,
    "revenue_walk": changes.revenue_walk,
    "year_to_date": parts.year_to_date,
    "comparison": sides.comparison,
    "statement": margins.statement,
    "profitability": margins.profitability,
    "whale_curve": margins.whale_curve,
    "margin_difference": margins.margin_difference,
    "bridge": prices.bridge,
    "margin_bridge": prices.bridge,
    "price_changes": prices.price_changes,
    "price_waterfall": prices.price_waterfall,
    "discount_dispersion": prices.discount_dispersion,
}

NOT_LINES = {
    "target": "a target is set by the company, no line stands behind it.",
    "finding": "a finding quotes other figures: say among which findings it is, drill(ID, findings=findings), or give "
    "the finding itself.",
    "findings": "it sums what findings are worth: give one of them, drill(ID, findings=findings).",
    "coverage": "it counts filled rows of whole tables; look at them with acme.frame(TABLE).",
    "reconciliation": "it counts rows read; those set aside stand in acme.snapshot.quarantine().",
    "ledger": "it is made of entries of the ledger: look at them with acme.frame('ledger').",
    "scope": "it is the lines of a segment or filter: acme.lines(segment=..., filter=...).",
}
