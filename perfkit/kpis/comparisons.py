"""Comparisons: may a figure be set against the year before, and is the difference good or bad?"""

from decimal import Decimal
from typing import Any

from perfkit import estimates
from perfkit.kpis.catalogue import KPI
from perfkit.kpis.measures import Value

CLAIMED = ("observed", "estimated", "partial")
"""Statuses of a value that may be set against another; an upper bound may not."""

ALIKE_SUMS, ALIKE_RATES = 0.01, 0.05
"""How far two periods' coverage may lie apart: a sum moves with it one for one, a rate or a count of customers less."""


def compared(
    kpi: KPI, currency: str, now: Value, before: Value, target: Decimal | None, why: str, *, of_parts: bool = False
) -> dict[str, Any]:
    """Return a KPI's row of the scorecard: its value against the year before, where they compare, and its target.

    Two parts of a business are of two sizes anyway: what is known of each needs to lie no closer than for a rate.
    """
    claimed = now.status in CLAIMED and before.status in CLAIMED
    alike = _alike(kpi, now, before, of_parts)
    previous = before.actual if claimed and alike else None
    is_share = kpi.unit == "share"
    growth = None if is_share else estimates.growth(now.actual, previous)
    change, gap = _difference(now.actual, previous), _difference(now.actual if now.status in CLAIMED else None, target)
    return {
        "kpi": kpi.id,
        "name": kpi.name,
        "unit": kpi.unit_in(currency),
        "decimals": kpi.decimals,
        "direction": kpi.direction,
        "actual": now.actual,
        "previous": before.actual,
        "target": target if target is None or not is_share else float(target),
        "low": now.low,
        "high": now.high,
        "level": now.level,
        "n": now.n,
        "variance_previous": change,
        "growth_previous": growth,
        "variance_target": gap,
        "attainment": estimates.ratio(now.actual, target)
        if gap is not None and target is not None and not is_share and target > 0
        else None,
        "variance_unit": "points" if is_share else kpi.unit_in(currency),
        "tone_previous": _tone(change, kpi, currency) if _sure(now, before) else None,
        "tone_target": _tone(gap, kpi, currency),
        "unlike": claimed and not alike,
        "status": now.status,
        "reason": now.reason,
        "basis": kpi.basis,
        "previous_status": before.status,
        "previous_reason": before.reason,
        "previous_low": before.low,
        "previous_high": before.high,
        "previous_level": before.level,
        "previous_n": before.n,
        "target_reason": why,
    }


def _difference(value: Any, other: Any) -> Any:
    if value is None or other is None:
        return None
    exact = isinstance(value, int | Decimal) and isinstance(other, int | Decimal)
    return value - other if exact else float(value) - float(other)


def _tone(change: Any, kpi: KPI, currency: str) -> str | None:
    unit = "points" if kpi.unit == "share" else kpi.unit_in(currency)
    return estimates.tone(change, unit, direction=kpi.direction, decimals=kpi.decimals)


def _alike(kpi: KPI, now: Value, before: Value, of_parts: bool) -> bool:
    """Say whether two values speak of the same share of the business: a part against the whole is no growth."""
    if not now.coverage or not before.coverage:
        return (now.status == "partial") == (before.status == "partial")
    strict = kpi.additive and "customer_id" not in kpi.needs and not of_parts
    most = ALIKE_SUMS if strict else ALIKE_RATES
    return all(near(*both, most) for both in zip(now.coverage, before.coverage, strict=True))


def near(now: float | None, before: float | None, most: float) -> bool:
    """Say whether two periods' coverage lies close enough together; one that is not known does not forbid."""
    return now is None or before is None or abs(now - before) <= most


def _sure(now: Value, before: Value) -> bool:
    """Say whether a change is one: estimates' intervals are apart, and a year before without a line is doubtful."""
    if before.actual == 0 and before.reason:
        return False
    if now.low is None or before.low is None or now.high is None or before.high is None:
        return True
    return now.low > before.high or now.high < before.low
