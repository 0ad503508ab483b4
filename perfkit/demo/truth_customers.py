"""Truth of customers: how they buy, what they are worth, when they leave, and what spend did to win them."""

from typing import Any

import numpy as np

from perfkit.demo import media, people, subscriptions, web, wholesale
from perfkit.demo.calendar import END, MONDAYS, MONTHS, START, month_of, week_of
from perfkit.demo.draws import Floats
from perfkit.demo.media import MEDIA, NAMES, Acquired
from perfkit.demo.subscriptions import Boxes
from perfkit.demo.web import BUYING, SPENDING, Buying, Shop
from perfkit.demo.wholesale import Trade

HORIZONS_WEEKS = (13, 26, 52, 104)


def expected_repeats(of: Buying, weeks: float) -> float:
    """Return E[X(t)] of BG/NBD: the repeat orders of a new customer in so many weeks (Fader, Hardie & Lee 2005)."""
    z = weeks / (of.alpha_weeks + weeks)
    n = np.arange(4000.0)
    terms = (of.r + n) * (of.b + n) / (of.a + of.b - 1 + n) / (n + 1) * z
    series = 1.0 + float(np.cumprod(terms).sum())  # Gauss's 2F1(r, b; a + b - 1; z)
    stay = (of.alpha_weeks / (of.alpha_weeks + weeks)) ** of.r
    return (of.a + of.b - 1) / (of.a - 1) * (1 - stay * series)


def repeat_purchases(acquired: Acquired, shop: Shop) -> dict[str, Any]:
    """Return the parameters of the shop's repeat orders and of their worth."""
    found: dict[str, Any] = {
        "for": "sales of customers whose segment is 'Particuliers' and whose acquired_on lies in the story: BG/NBD "
        "(time in weeks, purchases merged by day) and gamma-gamma on net revenue of an order",
        "segment": web.SEGMENT,
        "bargain_acquisition_channels": list(web.BARGAIN),
        "changed_on": str(web.CHANGED),
        "gamma_gamma": {
            "p": SPENDING.p,
            "q": SPENDING.q,
            "v_euros": SPENDING.v_euros,
            "mean_order_euros": SPENDING.mean_euros,
            "basket_rule": "an order is the basket of whole packs nearest to the draw: within a pack's price",
        },
        "groups": {},
    }
    for name, of in BUYING.items():
        here = (shop.group == name) & (acquired.day >= START)
        found["groups"][name] = {
            "r": of.r,
            "alpha_weeks": of.alpha_weeks,
            "a": of.a,
            "b": of.b,
            "expected_repeat_orders": {f"{weeks}_weeks": expected_repeats(of, weeks) for weeks in HORIZONS_WEEKS},
            "repeat_share_90_days": 1 - (of.alpha_weeks / (of.alpha_weeks + 90 / 7)) ** of.r,
            "customers_acquired_in_the_story": int(here.sum()),
            "repeat_orders_until_the_end": int(shop.repeats[here].sum()),
        }
    return found


def lifetime_value(acquired: Acquired) -> dict[str, Any]:
    """Return the true revenue of a customer in so many weeks, by channel and side of the change."""
    values: dict[str, Any] = {}
    for name in NAMES:
        bargain = name in web.BARGAIN
        for side, group in (("before_2025_07", "core_before_2025_07"), ("from_2025_07", "core_from_2025_07")):
            of = BUYING["bargain" if bargain else group]
            values.setdefault(name, {})[side] = {
                f"revenue_euros_{weeks}_weeks": SPENDING.mean_euros * (1 + expected_repeats(of, weeks))
                for weeks in HORIZONS_WEEKS
            }
    return {
        "for": "lifetime value of web customers by acquisition_channel and cohort: expected net revenue of the first "
        "and all repeat orders, before returns, not discounted; orders and their worth are independent",
        "by_acquisition_channel": values,
    }


def channel_effects(acquired: Acquired, shop: Shop, scale: float) -> dict[str, Any]:
    """Return what each channel's spend truly brought, what it is credited with, and which two are traps."""
    first = _first_orders(shop)
    inside = acquired.day >= START
    total = int(inside.sum())
    found: dict[str, Any] = {}
    for place, medium in enumerate(MEDIA):
        euros = float(acquired.spend[place].sum()) / 100
        credited = inside & (acquired.medium == place)
        caused = credited & acquired.caused
        entry: dict[str, Any] = {
            "customers_credited": int(credited.sum()),
            "customers_caused_by_spend": int(caused.sum()),
            "customers_caused_by_spend_expected": float(acquired.expected[place].sum()),
            "media_spend_euros": round(euros, 2),
        }
        if medium.euros_a_week:
            entry |= {
                "most_customers_a_week": medium.most * scale,
                "saturation": "tanh(stock / scale_euros)",
                "scale_euros": medium.scale * scale,
                "carry_over_a_week": medium.carry_over,
                "incremental_customers_a_thousand_euros": 1000 * float(acquired.expected[place].sum()) / euros,
                "credited_customers_a_thousand_euros": 1000 * int(credited.sum()) / euros,
                "incremental_first_order_revenue_a_euro": float(acquired.expected[place].sum())
                * SPENDING.mean_euros
                / euros,
                "first_order_revenue_drawn_of_caused_euros": round(float(first[caused].sum()) / 100, 2),
                "share_of_new_customers": float(acquired.expected[place].sum()) / total,
            }
        found[medium.name] = entry
    brand = NAMES.index(media.CONFOUNDED)
    weekly = np.bincount(week_of(np.arange(START, END)), weights=acquired.spend[brand]).astype(float)
    whole = slice(1, MONDAYS.size - 1)
    return {
        "for": "spend (kind 'Média', weeks from Monday) on new customers of segment 'Particuliers' a week: marketing "
        "mix, attribution, budget; stock = spend + carry_over x stock of the week before, from 0 in October 2023",
        "confounded_channel": media.CONFOUNDED,
        "confounded_why": "its spend follows the week's demand, which is not in the data; its own effect is small",
        "confounded_correlation_of_spend_and_demand": _correlation(weekly[whole], acquired.demand[whole]),
        "too_small_channel": media.TOO_SMALL,
        "demand_without_spend_customers_a_week": media.DEMAND_A_WEEK * scale,
        "demand_growth_a_year": media.DEMAND_GROWTH_A_YEAR,
        "demand_falls_on": str(media.DEMAND_FALLS_ON),
        "demand_fall_share": media.DEMAND_FALL,
        "channels": found,
    }


def subscriptions_truth(boxes: Boxes) -> dict[str, Any]:
    """Return the parameters of the contracts' ends."""
    age = np.arange(1, 13)
    survival = np.cumprod((subscriptions.BETA + age - 1) / (subscriptions.ALPHA + subscriptions.BETA + age - 1))
    return {
        "for": "subscriptions: shifted beta-geometric by whole months since started_on",
        "alpha": subscriptions.ALPHA,
        "beta": subscriptions.BETA,
        "survival_share_after_months": {str(month): float(share) for month, share in zip(age, survival, strict=True)},
        "contracts": int(boxes.ids.size),
        "ended": int((~np.isnat(boxes.ended)).sum()),
    }


def wholesale_churn(trade: Trade) -> dict[str, Any]:
    """Return the hazards at which customers of wholesale leave, and who was lost by name."""
    gone = np.bincount(trade.last_month[trade.last_month < MONTHS.size].clip(0), minlength=MONTHS.size)
    return {
        "for": "sales of channel 'Revendeurs' by customer: no order after the month in which the customer leaves",
        "hazard_a_month_by_segment": dict(wholesale.LEAVES_A_MONTH),
        "orders_a_month_mean": wholesale.ORDERS_A_MONTH,
        "large_customers_lost": dict(trade.lost),
        "customers_with_last_month": {str(month): int(n) for month, n in zip(MONTHS, gone, strict=True)},
    }


def satisfaction() -> dict[str, Any]:
    """Return the true shares of answers."""
    shares = {
        name: dict(zip(("detractors", "passives", "promoters"), part, strict=True))
        for name, part in people.SATISFIED.items()
    }
    return {
        "for": "surveys of kind nps by answered_on; answers are dealt in these shares, as near as they divide",
        "shares": shares,
        "net_promoter_score": {name: 100 * (part[2] - part[0]) for name, part in people.SATISFIED.items()},
        "changed_on": str(people.LESS_SATISFIED_FROM),
    }


def new_by_month(acquired: Acquired) -> dict[str, int]:
    """Return the new customers of the shop by month."""
    months = month_of(acquired.day[acquired.day >= START])
    return {str(month): int(n) for month, n in zip(MONTHS, np.bincount(months, minlength=MONTHS.size), strict=True)}


def _first_orders(shop: Shop) -> Floats:
    """Cents of each customer's first order in the story, 0 where there is none."""
    place = {name: at for at, name in enumerate(shop.ids.tolist())}
    who = np.array([place[name] for name in shop.lines.customer.tolist()])
    first = np.full(shop.ids.size, np.datetime64("2100-01-01"))
    np.minimum.at(first, who, shop.lines.day)
    cents = np.zeros(shop.ids.size)
    np.add.at(cents, who, np.where(shop.lines.day == first[who], shop.lines.net, 0))
    return cents


def _correlation(one: Floats, other: Floats) -> float:
    """Pearson's correlation by plain sums: NumPy's own one depends on the threads of its matrix product."""
    x, y = one - one.mean(), other - other.mean()
    return float((x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum()))
