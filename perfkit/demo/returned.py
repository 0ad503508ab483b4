"""Returned: which lines come back, when, and why the returns of one product jump."""

import numpy as np

from perfkit.demo.assortment import LEAKING, Assortment
from perfkit.demo.calendar import END
from perfkit.demo.draws import stream
from perfkit.demo.lines import Lines, by_day

SHARE = (0.022, 0.010, 0.006)
"""Share of lines that come back whole, by channel."""
LEAKS_FROM = np.datetime64("2026-03-01")
LEAKS = (0.24, 0.22, 0.010)
"""The same of the product whose new bottle leaks, for lines from that day on."""
KEPT_BACK = "S"
"""Boxes of subscriptions do not come back."""


def credit_notes(seed: int, lines: Lines, goods: Assortment) -> Lines:
    """Return the credit notes of the lines that come back: negative, whole, on a later day."""
    rng = stream(seed, "returned")
    share = np.array(SHARE)[lines.channel]
    leaks = (lines.product == goods.place(LEAKING)) & (lines.day >= LEAKS_FROM)
    share = np.where(leaks, np.array(LEAKS)[lines.channel], share)
    first = np.array([order[0] for order in lines.order.tolist()])
    back = (rng.random(share.size) < share) & (first != KEPT_BACK)
    later = rng.integers(6, 29, share.size)
    day = lines.day + later
    at = np.nonzero(back & (day < END))[0]
    gone = lines.at(at)
    none = np.full(at.size, np.datetime64("NaT"), dtype="datetime64[D]")
    return Lines(
        order=by_day("AV", np.arange(at.size), day[at]),
        day=day[at],
        customer=gone.customer,
        product=gone.product,
        thousandths=-gone.thousandths,
        unit_list=gone.unit_list,
        unit_net=gone.unit_net,
        channel=gone.channel,
        document=np.full(at.size, "credit", dtype=object),
        origin=gone.order,
        rep=gone.rep,
        store=gone.store,
        ordered=gone.ordered,
        delivered=none,
        invoiced=day[at],
    )
