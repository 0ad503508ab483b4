"""The report on cohorts and customer value: what customers are worth, how sure one is, and what to ask for."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import integrate

from perfkit import improve, languages, periods
from perfkit.customers import clv, cohorts, worth
from perfkit.customers.clv.models import MODELS
from perfkit.customers.worth import acquisitions, points, sums
from perfkit.customers.worth.histories import known
from perfkit.errors import ParameterError
from perfkit.lines import checked
from tests.absence import story
from tests.absence.companies import made, without
from tests.absence.executing import execute
from tests.absence.test_degenerate import NONSENSE
from tests.customers.conftest import frame_of

QUARTER = "2025-Q2"
UNTIL = dt.date(2025, 6, 30)
WHEN = periods.parse(QUARTER)
FEW = frame_of((0, 0, 9), (2, 5, 9), (1, 2, 9), (4, 8, 9))


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    """The small company with spend: its customers were acquired in the two years of its sales."""
    months = pd.date_range("2023-01-01", "2025-06-01", freq="MS").date
    spend = pd.DataFrame(
        [(month, channel, 40.0, "media") for month in months for channel in ("Search", "Fair")],
        columns=["date", "channel", "amount", "kind"],
    )
    tables = story.tables(orders=400) | {"spend": spend}
    return made(tmp_path_factory.mktemp("worth") / "acme", tables, 'observed_until = "2025-06-30"')


def run(acme, language="en", charts=False):
    return execute(acme, period=QUARTER, language=language, charts=charts, report="cohort_clv")


def nonsense(audit):
    return [line for each in audit.shown for line in each.text.splitlines() if NONSENSE.search(line)]


@pytest.fixture(scope="module")
def english(acme):
    return run(acme)


def test_both_languages_show_the_same_figures_and_words_that_are_words(acme, english):
    french = run(acme, "fr", charts=True)
    assert list(english.figures) == list(french.figures) and len(english.figures) > 100
    assert nonsense(english) == nonsense(french) == []
    assert "customers are worth" in english.section("Summary")
    assert "clients actuels valent" in french.section("Summary")


def test_every_estimate_has_its_interval_and_its_basis(english):
    for audit in english.shown:
        for figure in audit.figures:
            if figure["kpi"] in ("customer_value", "acquired_value", "retention_point"):
                assert figure["low"] <= figure["estimate"] <= figure["high"] and figure["level"] == 0.9
                assert figure["basis"] and figure["n"]


def test_without_a_customer_number_it_publishes_and_says_what_to_ask_for(acme):
    less = run(without(acme, "sales", "customer_id"), charts=True)
    assert "no line names its customer: ask for the customer number" in less.section("Summary")
    assert nonsense(less) == []


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (("customers", "acquisition_channel"), "ask for the channel by which each customer came"),
        (("customers", "segment"), "ask for the segment of each customer"),
        (("sales", "cost"), "Value is net revenue, not margin: ask for the cost of the goods"),
    ],
    ids=["no acquisition channel", "no segment", "no cost"],
)
def test_what_is_missing_is_said_and_the_rest_stands(acme, away, said):
    lines = without(acme, *away).lines()
    if away == ("sales", "cost"):
        lines = lines.drop("unit_cost")
    less = worth.base(lines, until=UNTIL, data_from=acme.first_day, currency="EUR", models=("mbg_nbd",))
    followed = worth.triangle(less)
    acquired = worth.acquired(less, worth.payback(followed, None, annual_discount_rate=0.1))
    shown = repr(less) + repr(acquired)
    assert said in shown and not NONSENSE.search(shown)
    assert worth.value(less).total["estimate"] > 0


def sales_of(*histories, start="2024-01-01", amount=10):
    """One customer a history: the days, from the start, on which something was bought."""
    rows = [
        (f"c{place}", pd.Timestamp(start) + pd.Timedelta(days=day), amount)
        for place, days in enumerate(histories)
        for day in days
    ]
    return pd.DataFrame(rows, columns=["customer_id", "date", "net_revenue"])


@pytest.mark.parametrize(
    "histories",
    [[(0,)], [(3,), (20,), (40,)], [(0, 400)], [tuple(range(0, 500, 25))] * 2],
    ids=["one customer", "nobody buys again", "two purchases", "all alike"],
)
def test_it_stands_on_next_to_nothing(histories):
    base = worth.base(sales_of(*histories), until=UNTIL, currency="EUR", models=("mbg_nbd",))
    value, followed = worth.value(base), worth.triangle(base)
    payback = worth.payback(followed, None, annual_discount_rate=0.1)
    made_ = (
        base, value, followed, worth.drift(followed), payback, worth.acquired(base, payback),
        worth.retention_point(base), worth.lifecycle(base), worth.tiers(base), worth.moves(base), worth.tracking(base),
        worth.calibration(base), worth.choice(base),
    )  # fmt: skip
    for each in made_:
        assert each.views()[0].title and each.figures() is not None
        assert not NONSENSE.search(repr(each))
    assert value.total["low"] <= value.total["estimate"] <= value.total["high"]


def test_nobody_named_is_absent_from_the_first_result_to_the_last():
    nobody = worth.base(sales_of((0,)).assign(customer_id=pd.Series([None], dtype="object")), until=UNTIL)
    followed = worth.triangle(nobody)
    payback = worth.payback(followed, None, annual_discount_rate=0.1)
    for each in (nobody, worth.value(nobody), followed, payback, worth.acquired(nobody, payback),
                 worth.retention_point(nobody), worth.lifecycle(nobody), worth.tiers(nobody)):  # fmt: skip
        assert isinstance(each, worth.Absent) and "Ask for earlier sales" in each.reason


@pytest.mark.parametrize(
    ("setting", "said"),
    [({"horizon_months": 0}, "number of months"), ({"annual_discount_rate": -1}, "such as 0.1"),
     ({"other_costs": 1.2}, "share of net revenue")],
)  # fmt: skip
def test_a_setting_that_is_none_is_refused(setting, said):
    with pytest.raises(ParameterError, match=said):
        worth.base(sales_of((0, 9)), until=UNTIL, **setting)


def test_cohorts_of_an_unknown_length_are_refused():
    with pytest.raises(ParameterError, match="cohorts: .*quarter"):
        worth.triangle(worth.base(sales_of((0, 9)), until=UNTIL), by="week")


def test_who_was_acquired_before_the_data_is_left_out_with_lines_and_money():
    sales = sales_of((0, 30), (10, 50), (60,)).assign(
        acquired_on=lambda rows: pd.to_datetime(rows["customer_id"].map({"c0": "2019-05-05"}).fillna("2024-02-01"))
    )
    base = worth.base(sales, until=UNTIL, currency="EUR")
    assert list(base.customers["customer_id"]) == ["c1", "c2"]
    assert (base.known.older["customers"], base.known.older["net_revenue"]) == (1, Decimal(20))
    out = base.summary.left_out.set_index("reason").loc["acquired before"]
    assert (out["lines"], out["net_revenue"]) == (2, Decimal(20))
    assert base.summary.net_revenue == Decimal(50)
    assert "40% of revenue since then is of this one" in repr(base)


def test_a_first_month_full_of_old_customers_is_left_out_and_a_single_cohort_is_not():
    crowded = [(day % 28, day % 28 + 200) for day in range(40)] + [(31 + 30 * month,) for month in range(12)] * 4
    asked = {"until": UNTIL, "group": None, "member": None, "currency": "EUR", "first_day": dt.date(2024, 1, 1)}
    found = known(checked(sales_of(*crowded)), **asked)
    assert (found.since, found.crowded, len(found.customers)) == (dt.date(2024, 2, 1), 1, 48)
    alone = known(checked(sales_of(*crowded[:40])), **asked)
    assert (alone.crowded, len(alone.customers)) == (0, 40)


def test_small_groups_share_a_model_and_large_ones_have_their_own():
    histories = [(day % 40, day % 40 + 30 + day % 7 * 9) for day in range(80)]
    sales = sales_of(*histories)
    place = sales["customer_id"].str[1:].astype(int)
    sales["segment"] = np.where(place < 40, "large", np.where(place < 75, "middle", "small"))
    base = worth.base(sales, until=UNTIL, models=("mbg_nbd",))
    assert {model.group: len(model.at) for model in base.models} == {"large": 40, "middle": 40}
    assert sum(len(model.at) for model in base.models) == len(base.customers)


def test_groups_add_up_to_the_total_and_their_errors_as_squares():
    parts = [pd.DataFrame({"estimate": [100.0], "low": [97.0], "high": [103.0], "n": [2]}, index=["total"]),
             pd.DataFrame({"estimate": [50.0], "low": [46.0], "high": [54.0], "n": [1]}, index=["total"])]  # fmt: skip
    whole = sums.together(parts).loc["total"]
    assert list(whole[["estimate", "low", "high", "n"]]) == [150.0, 145.0, 155.0, 3]


def test_a_ratio_of_sums_is_counted_by_hand():
    found = sums.ratio(np.array([1.0, 3.0]), np.array([2.0, 2.0])).iloc[0]
    assert found["estimate"] == 1.0 and found["se"] == pytest.approx(np.sqrt(2 * 2 / 1) / 4)
    assert sums.ratio(np.array([1.0]), np.array([0.0])) is None


@pytest.mark.parametrize("name, theta", [("bg_nbd", (0.6, 11.0, 0.8, 2.5)), ("mbg_nbd", (0.6, 11.0, 0.8, 2.5)),
                                         ("pareto_nbd", (0.6, 11.0, 0.7, 20.0))])  # fmt: skip
def test_who_still_buys_after_a_year_is_as_many_as_the_process_leaves(name, theta):
    fitted = replace(
        clv.fit(frame_of((0, 0, 9), (2, 5, 9), (1, 2, 9), (4, 8, 9)), "nbd"), process=clv.models.MODELS[name]
    )
    draw, n = np.random.default_rng(3), 400_000
    rate = draw.gamma(theta[0], 1 / theta[1], n)
    if name == "pareto_nbd":
        left = draw.exponential(1 / draw.gamma(theta[2], 1 / theta[3], n))
    else:
        p = draw.beta(theta[2], theta[3], n)
        left = draw.exponential(1 / np.maximum(rate * p, 1e-12))
        left = np.where((draw.random(n) < p) & (name == "mbg_nbd"), 0.0, left)
    stays = points.still_buys(fitted, np.array(theta), points.YEAR)
    assert stays == pytest.approx((left > points.YEAR).mean(), abs=4e-3)
    longer = points.longer(fitted, np.array(theta))
    assert points.still_buys(fitted, longer, points.YEAR) == pytest.approx(stays + 0.01, abs=1e-8)
    assert list(longer[:3]) == list(theta[:3])  # purchase rates stay as they are


def shop(n=250, seed=5):
    """Sales of customers who stop after a purchase, some sooner than others."""
    draw = np.random.default_rng(seed)
    histories = []
    for _ in range(n):
        rate, p, day = draw.gamma(1.2, 1 / 50), draw.beta(1, 4), float(draw.integers(0, 380))
        days = [day]
        while day < 540 and draw.random() > p:
            day += draw.exponential(1 / rate)
            days.append(day)
        histories.append([int(each) for each in days if each < 540])
    return sales_of(*histories)


def test_stages_say_so_where_they_are_not_by_the_model_that_values(acme):
    base = worth.base(acme.lines(), until=UNTIL, data_from=acme.first_day, currency="EUR", models=("bg_nbd",))
    stages = worth.lifecycle(base)
    assert stages.instead_of == "BG/NBD" and stages.fitted.model != "bg_nbd"
    assert "BG/NBD, by which customers are valued elsewhere" in repr(stages)
    same = worth.lifecycle(worth.base(acme.lines(), until=UNTIL, data_from=acme.first_day, models=("mbg_nbd",)))
    assert not same.instead_of and "valued elsewhere" not in repr(same)


def test_what_other_models_say_stands_beside_the_value(acme):
    base = worth.base(acme.lines(), until=UNTIL, data_from=acme.first_day, currency="EUR")
    value = worth.value(base)
    assert value.by_model["family"].iloc[0] == base.choice.model and len(value.by_model) == 3
    assert value.by_model["estimate"].iloc[0] == value.total["estimate"]
    other = value.by_model["family"].iloc[1]
    alone = worth.value(
        worth.base(acme.lines(), until=UNTIL, data_from=acme.first_day, currency="EUR", models=(other,))
    )
    assert value.by_model["estimate"].iloc[1] == pytest.approx(alone.total["estimate"])
    figures = value.figures().set_index("figure_id")["estimate"]
    assert figures[f"customer_value:{UNTIL}:model:{other}"] == pytest.approx(alone.total["estimate"])
    apart = replace(value, by_model=value.by_model.assign(estimate=[1.0, 9e9, 1.0]))
    assert apart.beyond and "by another it would be" in repr(apart)
    same = replace(value, by_model=value.by_model.assign(estimate=value.total["estimate"]))
    assert not same.beyond and "Other models say about the same" in repr(same)
    alone_in_test = replace(value, by_model=value.by_model.iloc[:1])
    assert "by another" not in repr(alone_in_test) and not alone_in_test.beyond


def test_a_point_of_retention_is_worth_more_the_longer_one_looks():
    worth_of = []
    for months in (6, 24):
        base = worth.base(shop(), until=UNTIL, horizon_months=months, models=("mbg_nbd",))
        point = worth.retention_point(base)
        assert 0 < point.total["low"] < point.total["estimate"] < point.total["high"]
        worth_of.append(point.total["estimate"])
    assert worth_of == sorted(worth_of)


@pytest.fixture(scope="module")
def base(acme):
    return worth.base(acme.lines(), until=UNTIL, data_from=acme.first_day, currency="EUR", models=("mbg_nbd",))


def test_a_new_customer_is_worth_the_first_purchase_and_those_to_come(base):
    acquired = worth.acquired(base, worth.Absent("", ""))
    model = base.models[0]
    later = model.fitted.lifetime_value(
        acquisitions.NEW, 1.0, horizon=base.horizon, annual_discount_rate=0.1, time_unit="week"
    )["estimate"].iloc[0]  # fmt: skip
    people = base.customers.iloc[model.at]
    a_purchase = people["bought"].sum() / (people["frequency"] + 1).sum() * model.kept["estimate"].iloc[0]
    lowest, highest = acquired.each["estimate"].min(), acquired.each["estimate"].max()
    assert len(base.models) == 1 and lowest * 0.7 < a_purchase * (1 + later) < highest * 1.3
    assert (acquired.channels["paid"] == "no spend").all()
    n = acquired.each["n"]
    assert acquired.together["estimate"] == pytest.approx((acquired.each["estimate"] * n).sum() / n.sum())


def test_value_over_cost_is_of_all_spend_and_all_customers_of_the_channel(acme, base):
    followed = worth.triangle(base)
    payback = worth.payback(followed, acme.table("spend"), annual_discount_rate=0.1)
    acquired = worth.acquired(base, payback)
    spent = acme.frame("spend").groupby("channel")["amount"].sum()
    for row in acquired.each.to_dict("records"):
        assert row["cac"] == pytest.approx(float(spent[row["member"]]) / row["acquired"])
        assert row["ratio"] == pytest.approx(row["estimate"] / row["cac"])
        assert row["ratio_low"] < row["ratio"] < row["ratio_high"]


def test_the_base_ties_to_the_source(acme, base):
    total = sum(acme.frame("sales")["net_revenue"], Decimal(0))
    assert base.ties_to()["net_revenue"] == total
    shown = base.views()[1]
    assert shown.rows["net_revenue"].iloc[-1] == total == sum(shown.rows["net_revenue"].iloc[:-1], Decimal(0))


def spoken(*results, actions=None):
    found = improve.lifetime_findings(*results, period=WHEN, currency="EUR", actions=actions)
    return {item.id: item for item in found.items}


def cycle(base, **changed):
    """The lifecycle of a base, its first customers at risk made what is asked."""
    whole = worth.lifecycle(base)
    people = whole.customers.copy()
    people["stage"] = "active"
    for name, value in ({"stage": "at risk", "frequency": 9, "at_stake": 500.0, "at_stake_low": 400.0,
                         "at_stake_high": 650.0, "p_alive": 0.4, "p_alive_low": 0.3, "p_alive_high": 0.5} | changed
                        ).items():  # fmt: skip
        people.loc[people.index[:2], name] = value
    return replace(whole, customers=people, reason="")


def test_regular_customers_who_fell_silent_are_told_with_what_they_would_bring(base):
    found = spoken(base, cycle(base))
    risk, one = found["customers_at_risk"], found["large_customer_silent"]
    assert (risk.value, risk.amount, risk.stake.low, risk.stake.high) == (2, 1000, 800, 1300)
    assert one.amount == 500 and "Client" in one.claim and "40%" in one.claim
    assert improve.lifetime_findings(base, cycle(base), period=WHEN, currency="EUR").total == {
        ("one-off", "profit"): 1000
    }


def test_whom_to_keep_is_named_by_name_and_by_id_where_there_is_no_name(base):
    silent = cycle(base)
    first, second = silent.to_keep.to_dict("records")
    assert silent.views()[1].rows["called"].tolist() == [
        f"{each['name']} ({each['customer_id']})" for each in (first, second)
    ]
    nameless = replace(silent, customers=silent.customers.drop(columns="name"))
    assert nameless.views()[1].rows["called"].tolist() == [first["customer_id"], second["customer_id"]]


def test_of_customers_who_never_came_back_silence_is_no_finding(base):
    assert spoken(base, cycle(base, frequency=0)) == {}
    assert spoken(base, cycle(base, stage="active")) == {}
    assert spoken(worth.Absent("", "")) == {}


def priced(base, cac, n=100):
    """The channels of a base, Search costing so much."""
    whole = worth.acquired(base, worth.Absent("", ""))
    rows = whole.channels.copy()
    at = rows["member"] == "Search"
    row = rows[at].iloc[0]
    paid = "not paid back" if row["high"] < cac else "paid back" if row["low"] > cac else "not distinguishable"
    ratios = {f"ratio{end}": row[of] / cac for end, of in (("", "estimate"), ("_low", "low"), ("_high", "high"))}
    values = {"cac": cac, "paid": paid, "n": n} | ratios
    for name, value in values.items():
        rows.loc[at, name] = value
    return replace(whole, channels=rows)


def test_a_channel_that_costs_more_than_it_brings_is_told_and_others_are_not(base):
    value = float(worth.acquired(base, worth.Absent("", "")).each.set_index("member").loc["Search", "estimate"])
    told = spoken(base, priced(base, 10 * value))["channel_not_paid_back:Search"]
    people = base.customers
    new = int(((people["acquired_on"] > pd.Timestamp("2024-06-30")) & (people["member"] == "Search")).sum())
    assert float(told.amount) == pytest.approx(9 * value * new, rel=1e-6) and told.stake.kind == "annual"
    assert spoken(base, priced(base, value)) == spoken(base, priced(base, value / 10)) == {}
    assert spoken(base, priced(base, 10 * value, n=12)) == {}  # of so few, what one costs is chance


def test_cohorts_that_stay_less_are_told_only_where_the_trend_is(base):
    followed = worth.triangle(base)
    drift = worth.drift(followed)
    assert not len(drift.told) and spoken(base, drift) == {}
    ages = drift.ages.copy()
    first = ages.index[0]
    ages.loc[first, ["estimate", "low", "high", "p", "status"]] = [-0.1, -0.15, -0.05, 0.001, "lower"]
    told = spoken(base, cohorts.CohortDrift(**{**vars(drift), "ages": ages}))["cohorts_stay_less"]
    assert told.tone == "bad" and (told.value, told.low, told.high) == (-0.1, -0.15, -0.05)


def test_a_decision_of_another_report_is_passed_over_and_an_unknown_one_refused(base):
    known_ = {"customers_at_risk": {"owner": "Ann"}, "margin_rate": {"owner": "Bo"}}
    assert spoken(base, cycle(base), actions=known_)["customers_at_risk"].action.owner == "Ann"
    silent = improve.lifetime_findings(base, period=WHEN, currency="EUR", actions=known_)
    assert silent.unspoken == ("customers_at_risk",)
    with pytest.raises(ParameterError, match="customer_at_risk"):
        spoken(base, actions={"customer_at_risk": {}})


def test_the_page_says_what_a_customer_is_worth_how_sure_and_how_far_off_the_model_was(base):
    value, point = worth.value(base), worth.retention_point(base)
    findings = improve.lifetime_findings(base, cycle(base), period=WHEN, currency="EUR")
    acquired = worth.acquired(base, worth.Absent("", ""))
    assert isinstance(point, worth.Absent)  # nobody is seen to stop
    page = improve.worth_summary(value, acquired, point, findings)
    assert [each["kpi"] for each in page.headlines] == ["customer_value", "acquired_value"]
    shown = page.html()
    assert "in the past" in shown and "(90%)" in shown and "most is at stake in" in shown
    absent = worth.Absent("", "No line names its customer.")
    assert "no line names its customer." in improve.worth_summary(absent, absent, absent, findings).html()


def test_the_mean_stay_that_a_longer_retention_adds_is_the_integral_of_its_gain():
    """Pareto/NBD without discount: purchases are the rate times the time for which customers stay."""
    theta, weeks = np.array([0.6, 11.0, 0.7, 20.0]), 104.0
    fitted = replace(
        clv.fit(FEW, "nbd"), process=MODELS["pareto_nbd"], theta=theta, covariance=np.zeros((4, 4)),
    )  # fmt: skip

    class Asked:
        horizon, annual_discount_rate = weeks, 0.0

    gained = points._purchases(Asked, fitted, theta)
    longer = points.longer(fitted, theta)
    stay = [integrate.quad(lambda t, of=of: (of[3] / (of[3] + t)) ** of[2], 0, weeks)[0] for of in (theta, longer)]
    assert gained == pytest.approx(theta[0] / theta[1] * (stay[1] - stay[0]), rel=1e-4)


@pytest.fixture(autouse=True)
def _english():
    languages.use("en")


def test_a_channel_of_too_few_customers_counts_among_those_with_a_cost(acme, base):
    """Two channels have spend; of one, so few came that their cost is chance: one of two is told, not one of one."""
    payback = worth.payback(worth.triangle(base), acme.table("spend"), annual_discount_rate=0.1)
    whole = worth.acquired(base, payback)
    rows = whole.channels.copy()
    costed = rows.index[rows["cac"].notna() & rows["member"].notna()]
    assert len(costed) == 2
    rows.loc[costed, "paid"] = ["paid back", "too few"]
    told = improve.answers.customers.channels_bring(replace(whole, channels=rows), payback)
    assert "Of 2 channels with known spend, 1 bring more than they cost, beyond the interval at 90%." in told.sentences
    languages.use("fr")
    told = improve.answers.customers.channels_bring(replace(whole, channels=rows), payback)
    assert any("Sur 2 canaux dont la dépense est connue, 1" in each for each in told.sentences)
    languages.use("en")


def test_ids_of_figures_are_the_same_in_every_language(base):
    """Customers without a group of their own are "All others" in a language, and "rest" in an id."""
    ends = {"estimate": 1.0, "low": 0.5, "high": 2.0, "n": 9.0}
    groups = pd.DataFrame(ends | {"stays": 0.5, "stays_low": 0.4, "stays_high": 0.6}, index=[0])
    others = replace(base, models=(replace(base.models[0], group=None), replace(base.models[0], group="Retail")))
    result = points.RetentionPoint(groups, ends | {"level": 0.9}, True, (), others)
    seen = []
    for language in ("en", "fr"):
        languages.use(language)
        seen.append([*result.figures()["figure_id"], *others.figures()["figure_id"]])
    languages.use("en")
    assert seen[0] == seen[1] and any(each.endswith(":rest") for each in seen[0])
    assert others.figures()["figure_id"].is_unique


def test_the_cost_of_a_channel_stands_beside_what_it_is_the_ratio_of(acme, base):
    payback = worth.payback(worth.triangle(base), acme.table("spend"), annual_discount_rate=0.1)
    view = worth.acquired(base, payback).views()[0]
    names = [each.key for each in view.fields]
    assert names[names.index("spend") :][:3] == ["spend", "acquired", "cac"]
    row = view.rows[view.rows["cac"].notna()].iloc[0]
    assert row["cac"] == pytest.approx(float(row["spend"]) / row["acquired"])
