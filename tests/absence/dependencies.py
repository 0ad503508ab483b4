"""What each figure of the audit may depend on: the columns that it is made of, told family by family.

A figure that changes when a column is taken away must stand here with that column; every other figure must not move.
"""

import re

from perfkit.kpis import CATALOGUE
from perfkit.questions import QUESTIONS

COST = {"sales.cost", "products.unit_cost", "sales.quantity", "sales.product_id"}
"""A line's cost is its own, else its quantity times the unit cost of its product."""

PRICES = {"sales.product_id", "sales.quantity", "sales.unit"}
"""A price is revenue / quantity of one product, in one unit."""

TARGETS = {"targets.dimension", "targets.member", "targets.version"}
COUNTRY = {"customers.country", "sales.customer_id"}
SEGMENT = {"customers.segment", "sales.customer_id"}
CATEGORY = {"products.category", "sales.product_id"}
CHANNEL = {"sales.channel"}
DIMENSIONS = COUNTRY | SEGMENT | CATEGORY | CHANNEL
CUSTOMER = {"sales.customer_id"}
ORDERS = {"sales.order_id", "sales.customer_id"}

COSTS = {
    *(f"costs.{column}" for column in ("level", "kind", "customer_id", "channel", "driver")),
    *(f"spend.{column}" for column in ("kind", "channel")),
    "sales.channel",
    "sales.order_id",
    "sales.document",
}
"""A cost beyond the goods is of its level, and reaches whom its customer, channel or driver says."""

LINE = {
    "order_id": {"sales.order_id"},
    "customer_id": {"sales.customer_id"},
    "product_id": {"sales.product_id"},
    "list_revenue": {"sales.list_revenue"},
    "cost": COST,
}
"""Columns behind each column of a line that a KPI needs."""

QUESTION = {
    "sales.category": CATEGORY,
    "sales.country": COUNTRY,
    "sales.segment": SEGMENT,
    "products.unit_cost": COST,
    "targets.value": TARGETS,
    "targets.member": TARGETS | DIMENSIONS,
}
"""Columns behind what a question needs, where it is not the column alone."""


def _of(kpi: str) -> set[str]:
    return set().union(*(LINE[column] for column in CATALOGUE[kpi].needs))


FINDINGS: dict[str, set[str]] = {
    # The two largest of all dimensions are told: without one dimension another one's is.
    "largest_loss": DIMENSIONS,
    "largest_gain": DIMENSIONS,
    "below_cost": DIMENSIONS | COST,
    # A few orders, or customers, make no claim: how many there are decides.
    "low_margin": DIMENSIONS | COST | ORDERS,
    # A change is set against what chance makes of it, customer by customer.
    "return_rate_above": DIMENSIONS | ORDERS,
    "returns": ORDERS,
    "member_months_below": CHANNEL,
    "member_target": DIMENSIONS | TARGETS,
    "revenue_against_target": TARGETS,
    "landing": TARGETS,
    "target_missed": TARGETS | ORDERS | COST | {"sales.list_revenue"},
    "margin_rate": COST | PRICES | ORDERS,
    "prices_fell": COST | PRICES | ORDERS,
    "costs_not_passed_on": COST | PRICES | ORDERS,
    "mix_earns_less": COST | PRICES | ORDERS,
    "loses_money": SEGMENT | COST | COSTS,
    "own_fixed_costs": SEGMENT | COST | COSTS,
    "cost_to_serve": SEGMENT | COST | COSTS,
    "costs_rose": ORDERS | COST | COSTS,
    "costs_unallocated": SEGMENT | COST | COSTS,
    "margin_fell_in": DIMENSIONS | COST | ORDERS,
    "cost_missing": COST,
    "discounts": {"sales.list_revenue"} | ORDERS,
    "products_vanished": {"sales.product_id"},
    "order_value": ORDERS,
    "order_frequency": ORDERS,
    "repeat_rate": ORDERS,
    "books_do_not_tie": {"sales.order_id", "ledger.piece", "ledger.label", "ledger.debit", "ledger.credit"},
    "customers_lost": CUSTOMER,
    "customers_shrank": CUSTOMER,
    "customers_back": CUSTOMER,
    "new_customers": CUSTOMER,
    "concentration": CUSTOMER,
    "single_customer": CUSTOMER,
    "anonymous_revenue": CUSTOMER,
}
"""Columns that a finding is made from, by its rule; a rule that is not here reads dates and amounts alone."""

FAMILIES: dict[str, set[str]] = {
    **{f"scorecard:[^:]+:{kpi}": _of(kpi) for kpi in CATALOGUE},
    "target:.*": TARGETS,
    "trend:[^:]+:orders": {"sales.order_id"},
    "trend:[^:]+:customers": {"sales.customer_id"},
    "trend_by:channel:.*": CHANNEL,
    "year_to_date:.*:(target|year_target)": TARGETS,
    "revenue_tree:.*": ORDERS,
    "revenue_walk:.*": CUSTOMER,
    "breakdown:country:.*": COUNTRY,
    "breakdown:segment:.*": SEGMENT,
    "breakdown:category:.*": CATEGORY,
    "breakdown:channel:.*": CHANNEL,
    "movers:product_id:.*": {"sales.product_id"},
    "movers:customer_id:.*": CUSTOMER,
    "concentration:.*": CUSTOMER,
    **{f"finding:[^:]+:{rule}(?!.*:stake)(:.*)?": columns for rule, columns in FINDINGS.items()},
    # What a euro of a gap leaves is the margin rate, less other variable costs; of what lower prices made, all of it.
    **{f"finding:[^:]+:{rule}(:.*)?:stake": columns | COST | PRICES | COSTS for rule, columns in FINDINGS.items()},
    "finding:.*:stake": COST | PRICES | COSTS,
    "findings:.*:total:.*": set().union(*FINDINGS.values()) | COST | PRICES | COSTS,
    "margin_bridge:.*": COST | PRICES,
    "profitability:segment:.*": SEGMENT | COST | COSTS,
    "whale_curve:customer_id:.*": CUSTOMER | COST | COSTS,
    "ledger:.*": {"sales.order_id", "ledger.piece", "ledger.label", "ledger.debit", "ledger.credit"},
    **{
        f"coverage:{question.id}(:money)?": set().union(
            *(QUESTION.get(column, {column}) for choices in question.needs for column in choices)
        )
        for question in QUESTIONS
    },
}
"""Optional columns that the figures of an id (a pattern) are made from, beside dates and amounts."""


def tables_of(columns: set[str]) -> set[str]:
    """The tables of columns."""
    return {column.split(".")[0] for column in columns}


def may_change(figure_id: str, table: str, column: str = "") -> bool:
    """Say whether a figure may change when a column, or a whole table, is taken away."""
    if not column and re.fullmatch(f"reconciliation:{table}:.*", figure_id):
        return True
    behind = set().union(*(columns for pattern, columns in FAMILIES.items() if re.fullmatch(pattern, figure_id)))
    if column:
        return f"{table}.{column}" in behind
    return table in tables_of(behind) or (table == "ledger" and figure_id.startswith(("ledger:", "coverage:ledger")))
