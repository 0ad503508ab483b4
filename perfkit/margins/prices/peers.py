"""Peers: the discount of each member on a product at a size of order, and what others get on the same.

A member's lines are set against those of all others in the same cell: a product, in orders of one size. All of it is
summed up in the engine, where the cells stay; one row a member comes back.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import ibis
import pandas as pd
from ibis import _

from perfkit.aggregations import aggregation
from perfkit.lines import is_in
from perfkit.margins.profitability.differences import FEWEST
from perfkit.periods import Period

SIZES = 3
"""A size of order is closed where it holds so great a part of all orders: a third."""
WIDEST = 2
"""How many times the list value of another an order of the same size is worth at most."""
_ORDERS_A_CLASS = 50
_MANY = 0.1  # of all orders: so many of about one value are a size of their own
_BAR = "\x1f"  # between the parts of a key: no id holds the sign that ASCII keeps for this
LEFT_OUT = ("returns", "no list price", "gifts", "no member", "no customer", "no product", "no order")
"""Why a line has no discount to compare, in the order in which a line of several reasons is told."""


@dataclass(frozen=True)
class Asked:
    """What is compared: the members of `by`, inside each member of `within` where it says any."""

    by: str
    within: str
    period: Period

    @property
    def alone(self) -> bool:
        """Whether a member is one customer, whose orders then are what chance draws."""
        return self.by == "customer_id"


def told(lines: ibis.Table, asked: Asked) -> ibis.Table:
    """Return the lines of the period, each with its member and the reason why it is left out, "" where it is not."""
    here = lines.filter(is_in(asked.period))
    # Two customers may have the same number of an order; lines without a customer are left out anyway.
    number = _.order_id if "order_id" in lines.columns else _.date
    order = _.customer_id.cast("string") + _BAR + number.cast("string")
    within = ibis.coalesce(_[asked.within].cast("string"), "") if asked.within else ibis.literal("")
    chosen = here.select(
        "net_revenue",
        "list_revenue",
        member=_[asked.by].cast("string"),
        customer=_.customer_id.cast("string"),
        product=_.product_id.cast("string"),
        order=order.cast("string"),
        within=within,
    )
    why = (
        (_.net_revenue < 0, LEFT_OUT[0]),
        (~ibis.coalesce(_.list_revenue > 0, ibis.literal(False)), LEFT_OUT[1]),
        (_.net_revenue == 0, LEFT_OUT[2]),
        (_.member.isnull(), LEFT_OUT[3]),
        (_.customer.isnull(), LEFT_OUT[4]),
        (_.product.isnull(), LEFT_OUT[5]),
        (_.order.isnull(), LEFT_OUT[6]),
    )
    return chosen.mutate(why=ibis.cases(*why, else_=""))


@aggregation
def left_out(lines: ibis.Table, asked: Asked) -> ibis.Table:
    """Lines and net revenue by the reason why they are left out, those compared under ""."""
    return told(lines, asked).group_by("why").agg(lines=_.count(), net_revenue=_.net_revenue.sum())


def size_limits(lines: ibis.Table, asked: Asked) -> tuple[Decimal, ...]:
    """Return the list values from which an order is of the next size, each of two digits.

    The larger order of a size is at most `WIDEST` times the smaller one, however few orders there are: what is given
    on quantity alone must favour nobody. Where many orders have about one value, they are a size of their own; of the
    others a size is closed as soon as it holds a third of all orders.
    """
    found = _values(lines, asked)
    numbers = zip(found["digits"], found["exponent"], found["orders"], strict=True)
    counts: dict[Decimal, int] = {}
    above: dict[Decimal, Decimal] = {}  # where the values that begin with these two digits end
    for digits, exponent, orders in numbers:
        # Of 1,000 the logarithm is a hair below 3: a hundred of the step below are ten of its own.
        digits, exponent = (digits // 10, exponent + 1) if digits >= 100 else (digits, exponent)
        step = Decimal(1).scaleb(int(exponent) - 1)
        start = Decimal(f"{int(digits) * step:f}")
        counts[start] = counts.get(start, 0) + int(orders)
        above[start] = start + step
    total = sum(counts.values())
    enough, many = max(total / SIZES, _ORDERS_A_CLASS), max(total * _MANY, _ORDERS_A_CLASS)
    limits: list[Decimal] = []
    first, held, alone = Decimal(0), 0.0, False
    for start in sorted(counts):
        apart = alone or held >= enough or counts[start] >= many or above[start] > WIDEST * first
        if held and apart:
            limits.append(start)
            first, held = start, 0
        first, held, alone = first or start, held + counts[start], counts[start] >= many
    return tuple(limits)


@aggregation
def _values(lines: ibis.Table, asked: Asked) -> ibis.Table:
    """Count the orders by the first two digits of their list value, and the power of ten of the first."""
    value = _.value.cast("float64")
    exponent = (value.ln() / math.log(10)).floor().cast("int64")
    sized = _orders(_kept(lines, asked)).mutate(exponent=exponent)
    digits = (value / ibis.literal(10.0) ** (sized.exponent - 1)).floor().cast("int64")
    return sized.mutate(digits=digits).group_by("exponent", "digits").agg(orders=_.count())


def _kept(lines: ibis.Table, asked: Asked) -> ibis.Table:
    kept = told(lines, asked).filter(_.why == "")
    return kept.mutate(given=_.list_revenue - _.net_revenue)


def _orders(kept: ibis.Table) -> ibis.Table:
    return kept.group_by("order").agg(value=_.list_revenue.sum())


def _sized(kept: ibis.Table, limits: Sequence[Decimal]) -> ibis.Table:
    """Return lines with their cell: what they are compared within, their product, and the size of their order.

    One column, so that no engine joins on the product before it knows the size.
    """
    if not limits:
        return kept.mutate(cell=_.within + _BAR + _["product"])
    places = [(_.value < limit, ibis.literal(str(nth))) for nth, limit in enumerate(limits)]
    classed = _orders(kept).select("order", size=ibis.cases(*places, else_=ibis.literal(str(len(limits)))))
    return kept.join(classed, "order").mutate(cell=_.size + "|" + _.within + _BAR + _["product"])


@aggregation
def against_peers(lines: ibis.Table, asked: Asked, limits: Sequence[Decimal]) -> ibis.Table:
    """Return a member a row: what it got, what others got on the same, and how far both are chance.

    list_revenue, given (off the list price), lines, cells: of all its lines. compared_list, compared_given, expected:
    of those with peers, and what is given on them at the peers' rates; of_peers: the squared error of the latter,
    lines taken as independent. n, unit_list, unit_gap, rr, pr, pp: of the units that chance draws (a customer's
    orders, else customers) their number, sums, and sums of squares, gap being what is given beyond the rate of the
    cell; line_squares: the squared gaps of single lines.
    """
    sized = _sized(_kept(lines, asked), limits)
    own = sized.group_by("member", "cell").agg(
        l=_.list_revenue.sum(),
        g=_.given.sum(),
        lines=_.count(),
        customers=ibis.literal(1) if asked.alone else _.customer.nunique(),
    )
    full, off = _.list_revenue.cast("float64"), _.given.cast("float64")
    squares = sized.group_by("cell").agg(ll=(full * full).sum(), lg=(full * off).sum(), gg=(off * off).sum())
    cells = own.group_by("cell").agg(all_l=_.l.sum(), all_g=_.g.sum(), all_customers=_.customers.sum())
    cells = cells.join(squares, "cell").mutate(rate=_.all_g.cast("float64") / _.all_l.cast("float64"))
    cells = cells.mutate(squares=_.gg - 2 * _.rate * _.lg + _.rate * _.rate * _.ll).drop("ll", "lg", "gg")
    beside = own.join(cells, "cell").mutate(
        here=(_.all_customers - _.customers >= FEWEST) & (_.all_l > _.l),
        share=_.l.cast("float64") / (_.all_l - _.l).cast("float64"),
        others=(_.all_g - _.g).cast("float64"),
    )
    members = beside.group_by("member").agg(
        list_revenue=_.l.sum(),
        given=_.g.sum(),
        lines=_.lines.sum(),
        cells=_.count(),
        compared_list=_.l.sum(where=_.here),
        compared_given=_.g.sum(where=_.here),
        expected=(_.share * _.others).sum(where=_.here),
        of_peers=(_.share * _.share * _.squares).sum(where=_.here),
    )
    if asked.alone:  # then whether there are peers is the same for all members of a cell
        joined = sized.join(cells.filter(_.all_customers > FEWEST).select("cell", "rate"), "cell")
    else:
        joined = sized.join(beside.filter(_.here).select("member", "cell", "rate"), ["member", "cell"])
    drawn = joined.mutate(l=full, gap=off - full * _.rate)
    drawn = drawn.group_by("member", "order" if asked.alone else "customer").agg(
        l=_.l.sum(), gap=_.gap.sum(), squares=(_.gap * _.gap).sum()
    )
    units = drawn.group_by("member").agg(
        n=_.count(),
        unit_list=_.l.sum(),
        unit_gap=_.gap.sum(),
        rr=(_.l * _.l).sum(),
        pr=(_.l * _.gap).sum(),
        pp=(_.gap * _.gap).sum(),
        line_squares=_.squares.sum(),
    )
    return members.left_join(units, "member").drop("member_right")


def in_member_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in the order of their members, whatever the engine's."""
    return rows.sort_values("member", kind="stable", ignore_index=True)


@aggregation
def names(lines: ibis.Table, asked: Asked, column: str) -> ibis.Table:
    """Return what members are called."""
    here = lines.filter(is_in(asked.period) & lines[asked.by].notnull())
    return here.group_by(member=_[asked.by].cast("string")).agg(named=_[column].cast("string").max())
