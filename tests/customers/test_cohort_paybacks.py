"""Payback: reached, not yet, or undefined with what to ask for; and every spend is somewhere."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from perfkit import languages
from perfkit.customers import cohorts
from perfkit.errors import ParameterError


def customers(channel, start, n, months, *, net=20, cost=10):
    """Customers who buy on the fifth of each of so many months, half of it margin; one in two pays double."""
    first = pd.Period(start, freq="M")
    return [
        {
            "customer_id": f"{channel}{start}{each:02}", "date": pd.Timestamp(f"{first + month}-05"),
            "net_revenue": net * (1 + each % 2), "cost": cost * (1 + each % 2), "acquisition_channel": channel,
        }
        for each in range(n)
        for month in range(months)
    ]  # fmt: skip


def spend(*rows):
    return pd.DataFrame(rows, columns=["date", "channel", "amount"]).assign(date=lambda f: pd.to_datetime(f["date"]))


SALES = pd.DataFrame(
    [
        *customers("search", "2024-01", 40, 4), *customers("search", "2024-02", 40, 1),
        *customers("mail", "2024-01", 30, 4), *customers("word", "2024-01", 30, 2), *customers("few", "2024-01", 5, 2),
    ]
)  # fmt: skip
SPEND = spend(
    ("2024-01-10", "search", 1600), ("2024-02-10", "search", 1600), ("2024-01-02", "mail", 300),
    ("2024-01-02", "few", 10), ("2024-01-20", "radio", 55), ("2023-12-31", "search", 7), ("2024-02-01", "mail", 9),
)  # fmt: skip


def of(spend_, rows=SALES, *, split="acquisition_channel", horizon=3, rate=0.0, **options):
    built = cohorts.build(
        rows, observed_until="2024-04-30", acquired_from="2024-01-01", split=split, currency="EUR", **options
    )
    return cohorts.payback(built, spend_, annual_discount_rate=rate, horizon=horizon)


def row(found, member, cohort="2024-01"):
    rows = found.cohorts[found.cohorts["member"].isna() if member is None else found.cohorts["member"] == member]
    return rows[rows["cohort"].astype(str) == cohort].iloc[0]


def test_payback_counted_by_hand():
    """15 of margin a customer and month: 40 are reached in the third month, at age 2."""
    search = row(of(SPEND), "search")
    assert (search["spend"], search["cac"], search["n"], search["last_age"]) == (1600, 40, 40, 3)
    assert search["estimate"] == 60 and search["ratio"] == 1.5 and search["status"] == "reached"
    assert search["payback"] == 2 and search["payback_low"] <= 2 <= search["payback_high"]
    assert search["low"] < 60 < search["high"] and search["ratio_low"] == pytest.approx(search["low"] / 40)
    assert row(of(SPEND), "mail")["payback"] == 0, "10 are reached in the first month"


def test_not_reached_yet_is_censored_and_never_infinite():
    found = of(SPEND)
    young = row(found, "search", "2024-02")
    assert young["status"] == "not reached yet" and np.isnan(young["payback"]) and young["ratio"] == 15 / 40
    assert young["last_age"] == 2
    assert "Not reached after 2 months" not in repr(found) and "not reached after 2 months" in repr(found)
    figure = found.figures().set_index("figure_id").loc["payback:payback:month:all:2024-02"]
    assert figure["status"] == "not observed yet" and figure["estimate"] is None and figure["reason"]


def test_discounting_converts_the_annual_rate_once():
    found = of(SPEND, rate=0.21)
    curve = found.curves[found.curves["member"] == "search"]
    months = (1.21 ** (-1 / 12)) ** np.arange(4)
    assert curve["discounted"].tolist() == pytest.approx((15 * months).cumsum().tolist())
    search = row(found, "search")
    assert search["discounted_ratio"] < search["ratio"]
    tight = spend(("2024-01-10", "search", 1799))
    late = row(of(tight, rate=0.21), "search")
    assert late["payback"] == 2 and late["discounted_payback"] == 3


def test_the_interval_of_a_discounted_value_is_no_narrower_than_that_of_its_plain_one_would_be():
    """Each customer's own discounted sum gives the standard error that the bound must not go below."""
    draw = np.random.default_rng(1)
    rows = SALES[SALES["acquisition_channel"] == "search"].reset_index(drop=True)
    rows["net_revenue"] = [round(float(draw.gamma(1, 20)) + 11, 2) for _ in range(len(rows))]
    found = of(SPEND, rows, rate=0.5)
    curve = found.curves[found.curves["member"] == "search"].iloc[-1]
    first = rows[rows["customer_id"].str.contains("2024-01")]
    age = first["date"].dt.month - 1
    own = ((first["net_revenue"] - first["cost"]) * 1.5 ** (-age / 12)).groupby(first["customer_id"]).sum()
    assert curve["discounted"] == pytest.approx(own.mean())
    half = (curve["discounted_high"] - curve["discounted_low"]) / 2
    assert half >= 1.645 * own.std(ddof=1) / np.sqrt(len(own))
    assert half <= 1.4 * 1.685 * own.std(ddof=1) / np.sqrt(len(own))


def test_cohorts_that_have_reached_the_horizon_are_put_together():
    together = of(SPEND, horizon=2).together.set_index("member")
    assert together.loc["search", ["cohorts", "n", "spend"]].tolist() == [2, 80, 3200]
    assert together.loc["search", "estimate"] == (45 * 40 + 15 * 40) / 80
    assert of(SPEND, horizon=3).together.set_index("member").loc["search", "n"] == 40
    assert (of(SPEND, horizon=2).curves.groupby("member", dropna=False)["n"].nunique() == 1).all()


def test_no_spend_nobody_and_few_say_so():
    found = of(SPEND)
    assert row(found, "word")["status"] == "no spend" and np.isnan(row(found, "word")["cac"])
    assert row(found, "mail", "2024-02")["status"] == "nobody acquired"
    few = row(found, "few")
    assert few["status"] == "too few customers" and few["ratio"] == 28 / 2 and np.isnan(few["low"])
    assert "No spend is recorded for word: ask for it" in repr(found)
    assert (of(spend(("2024-01-10", "search", 0))).cohorts["status"].isin(["no spend", "nobody acquired"])).all()


def test_every_spend_is_somewhere():
    found = of(SPEND)
    parts = found.spend.groupby("part")["amount"].sum().to_dict()
    assert parts == {"of a member": 3519, "no such member": 55, "outside the cohorts": 7}
    assert found.ties_to() == {"spend": Decimal(3581), "lines": 7}
    assert "€55 of spend match no customers (radio)" in repr(found)
    blended = row(found, None)
    assert blended["spend"] == 1600 + 300 + 10 + 55, "that of all customers is all spend, whoever it was for"
    members = found.cohorts[found.cohorts["member"].notna()]
    assert sum(members["spend"]) + 55 == sum(found.cohorts.loc[found.cohorts["member"].isna(), "spend"])


def test_customers_of_members_without_spend_do_not_make_the_others_cheaper():
    found = of(SPEND)
    assert found.costed_only and row(found, None)["n"] == 40 + 30 + 5, "the thirty of word of mouth apart"
    assert row(found, None)["cac"] == (1600 + 300 + 10 + 55) / 75
    all_paid = of(pd.concat([SPEND, spend(("2024-01-02", "word", 90))]))
    assert not all_paid.costed_only and row(all_paid, None)["n"] == 105


def test_without_spend_or_margin_it_says_what_to_ask_for():
    for nothing in (None, SPEND.iloc[:0]):
        found = of(nothing)
        assert found.views()[0].title == "Payback: not available"
        assert "ask for it (date, channel, amount)" in repr(found) and found.html()
        assert set(found.figures()["status"]) == {"not available"}
    revenue = of(SPEND, SALES.drop(columns="cost"))
    assert row(revenue, "search")["status"] == "no margin" and row(revenue, "search")["cac"] == 40
    assert "ask for the cost of the goods" in " ".join(revenue.figures()["reason"])


def test_spend_that_does_not_say_the_member_is_of_all_customers():
    found = of(SPEND, SALES.assign(segment="web"), split="segment")
    assert not found.by_member and found.cohorts["member"].isna().all()
    assert "only all customers together have a cost" in repr(found)
    assert found.spend["part"].tolist() == ["in a cohort", "outside the cohorts"]
    named = of(SPEND.assign(segment="web"), SALES.assign(segment="web"), split="segment")
    assert row(named, "web")["spend"] == row(named, None)["spend"]


def test_money_times_a_thousand_leaves_ratios_and_paybacks_alone():
    many = SALES.assign(net_revenue=SALES["net_revenue"] * 1000, cost=SALES["cost"] * 1000)
    one, other = of(SPEND), of(SPEND.assign(amount=SPEND["amount"] * 1000), many)
    names = ["ratio", "ratio_low", "ratio_high", "payback", "payback_low", "payback_high", "discounted_ratio"]
    pd.testing.assert_frame_equal(one.cohorts[names].astype(float), other.cohorts[names].astype(float), rtol=1e-9)


def test_payback_speaks_both_languages_with_unique_figures():
    found = of(SPEND)
    assert found.views()[0].title.startswith(
        "Where spend is recorded: a customer costs €26.20, pays back after 1 month"
    )
    languages.use("fr")
    assert "un client coûte 26,20\xa0€, récupérés au bout de 1 mois" in repr(found)
    assert found.figures()["figure_id"].is_unique and found.payload()["figures"]


def test_rates_and_horizons_that_are_none_are_refused():
    for rate in (-1, float("nan"), True):
        with pytest.raises(ParameterError, match="annual_discount_rate is"):
            of(SPEND, rate=rate)
    for horizon in (4, -1, 1.5):
        with pytest.raises(ParameterError, match="ages from 0 to 3"):
            of(SPEND, horizon=horizon)
    built = cohorts.build(SALES, observed_until="2024-04-30", split="acquisition_channel")
    with pytest.raises(ParameterError, match="of one member"):
        cohorts.payback(built.of("mail"), SPEND)


def test_a_cost_that_was_reached_and_is_no_longer_covered_says_so():
    """50 of margin at once against 40, then 55 back: at the last age a customer has brought nothing of it."""
    rows = pd.DataFrame(
        [
            {"customer_id": f"c{each}", "date": pd.Timestamp(day), "net_revenue": net + each % 2, "cost": cost}
            for each in range(40)
            for day, net, cost in (("2024-01-05", 100, 50), ("2024-02-05", -60, -5), ("2024-04-05", 2, 1))
        ]
    )
    found = of(spend(("2024-01-10", "x", 40 * 40)), rows, split=None)
    whole = found.together.iloc[0]
    assert (whole["status"], whole["payback"]) == ("reached, then lost", 0) and whole["ratio"] < 1
    assert row(found, None)["status"] == "reached, then lost"
    title = found.views()[0].title
    assert "no longer has after 3 months" in title and "pays back" not in title
    assert found.views()[1].rows["when"].iloc[0].endswith("then lost")
    figures = found.figures()
    paybacks = figures[(figures["kpi"] == "payback") & figures["estimate"].notna()]
    assert len(paybacks) == 4 and paybacks["reason"].str.startswith("Reached, then lost").all()
    languages.use("fr")
    assert "plus couverts au bout de 3" in found.views()[0].title
