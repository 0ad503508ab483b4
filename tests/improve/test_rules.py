"""Findings: what each rule says and when it keeps silent, and the money that it names."""

from decimal import Decimal

import pandas as pd
import pytest

from perfkit import improve, kpis, languages, periods
from perfkit.errors import ParameterError
from perfkit.improve.findings import cards_of

JANUARY = periods.parse("2024-01")
OPTIONS = {"period": JANUARY, "currency": "EUR"}


def sales(*rows, **columns):
    """Lines of (day, money, customer, order), with the first of all long before."""
    rows = [("2020-01-06", 1, "first", "first"), *rows]
    frame = pd.DataFrame(rows, columns=["date", "net_revenue", "customer_id", "order_id"])
    for name, values in columns.items():
        frame[name] = pd.Series([None, *values], dtype="object")
    return frame.assign(date=pd.to_datetime(frame["date"]))


def found(lines, targets=None, dimensions=()):
    return improve.findings(
        kpis.scorecard(lines, targets=targets, **OPTIONS),
        kpis.trend(lines, **OPTIONS),
        *(kpis.breakdown(lines, by=by, **OPTIONS) for by in dimensions),
        kpis.movers(lines, by="customer_id", **OPTIONS),
        kpis.concentration(lines, **OPTIONS),
        kpis.revenue_tree(lines, **OPTIONS),
    )


def test_a_fall_names_its_driver_and_stakes_the_margin():
    lines = sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", 100, "b", "2"), ("2024-01-05", 100, "a", "3"),
        cost=[60, 60, 60],
    )  # fmt: skip
    fall = found(lines).find("revenue_against_year_before")
    assert fall.claim == (
        "Revenue fell by €100 (−50.0%) against January 2023, the largest part through active customers (−€100)."
    )
    assert fall.stake == Decimal("40")  # 100 of revenue at a margin rate of 40 %
    assert fall.stake_basis == "€100 of revenue × gross margin rate of 40.0%."
    assert (fall.tone, fall.value, fall.unit) == ("bad", Decimal(-100), "EUR")
    assert fall.figure_ids == ("scorecard:2024-01:revenue", "scorecard:2023-01:revenue")


def test_without_costs_the_stake_is_revenue_and_says_so():
    lines = sales(("2023-01-05", 200, "a", "1"), ("2024-01-05", 100, "a", "3"))
    fall = found(lines).find("revenue_against_year_before")
    assert fall.stake == 100
    assert fall.stake_basis == "Revenue, not profit: the margin is not known. Ask for the cost of goods."


def test_a_margin_known_for_a_part_only_is_not_used():
    lines = sales(
        ("2023-01-05", 200, "a", "1"), ("2024-01-05", 50, "a", "3"), ("2024-01-06", 50, "a", "4"), cost=[100, 25, None]
    )
    assert found(lines).find("revenue_against_year_before").stake == 100


def test_a_rise_is_told_without_a_stake_after_what_is_at_stake():
    lines = sales(
        ("2023-01-05", 100, "a", "1"),
        ("2023-01-06", 80, "b", "2"),
        ("2024-01-05", 300, "a", "3"),
        ("2024-01-06", 10, "c", "4"),
    )
    result = found(lines)
    rise = result.find("revenue_against_year_before")
    assert (rise.tone, rise.stake) == ("good", None)
    stakes = [item.stake is None for item in result.items]
    assert stakes == sorted(stakes)
    assert result.items[0].stake == max(item.stake for item in result.items if item.stake is not None)


def test_lost_customers_are_counted_with_what_they_had_brought():
    lines = sales(
        ("2023-01-05", 100, "a", "1"),
        ("2023-01-06", 70, "b", "2"),
        ("2023-01-06", 30, "c", "3"),
        ("2024-01-05", 100, "a", "4"),
    )
    lost = found(lines).find("customers_lost")
    assert lost.claim == "2 customers of January 2023 did not buy in January 2024; they had brought €100."
    assert (lost.value, lost.stake) == (2, 100)
    assert "whole year" in lost.caveat


def test_the_member_that_lost_most_of_each_dimension():
    lines = sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", 70, "b", "2"),
        ("2024-01-05", 20, "a", "3"), ("2024-01-05", 70, "b", "4"),
        country=["fr", "de", "fr", "de"], channel=["web", "shop", "web", "shop"],
    )  # fmt: skip
    result = found(lines, dimensions=("country", "channel"))
    assert result.find("largest_loss:country").claim == "By country, fr lost most: −€80 against January 2023."
    assert result.find("largest_loss:channel").stake == 80


def test_findings_of_the_same_money_say_that_they_do_not_add_up():
    lines = sales(("2023-01-05", 100, "a", "1"), ("2023-01-06", 70, "b", "2"), ("2024-01-05", 20, "a", "3"))
    result = found(lines)
    cards = cards_of(result.items, "EUR")
    same = [card for card, item in zip(cards, result.items, strict=True) if item.money == "change" and item.stake]
    assert len(same) >= 2
    assert "not to be added" not in same[0]["stake_basis"]
    assert all("not to be added" in card["stake_basis"] for card in same[1:])


def test_a_target_missed_is_at_stake_and_one_reached_is_not():
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 100, "a", "3"))
    for value, tone, stake in ((150, "bad", 50), (80, "good", None)):
        targets = pd.DataFrame({"kpi": ["revenue"], "period": [pd.Timestamp("2024-01-01")], "value": [value]})
        target = found(lines, targets).find("revenue_against_target")
        assert (target.tone, target.stake) == (tone, stake)


def test_returns_above_last_year_are_valued_on_what_was_sold():
    lines = sales(
        ("2023-01-05", 100, "a", "1"),
        ("2023-01-06", -10, "a", "2"),
        ("2024-01-05", 200, "a", "3"),
        ("2024-01-06", -40, "a", "4"),
    )
    returns = found(lines).find("returns")
    assert returns.value == pytest.approx(0.1)
    assert float(returns.stake) == pytest.approx(20)  # 10 points of 200


def repeat_lines(new, back):
    """Customers new in 2022-11 to 2023-10 and the year before, so many of whom came back."""
    rows = [("2023-01-05", 1, "first", "x"), ("2024-01-05", 1, "first", "y")]
    for year, share in ((2022, back[0]), (2023, back[1])):
        for number in range(new):
            rows.append((f"{year}-06-01", 10, f"{year}-{number}", f"{year}-{number}"))
            if number < share:
                rows.append((f"{year}-06-20", 10, f"{year}-{number}", f"again {year}-{number}"))
    return sales(*rows)


def test_a_repeat_rate_is_claimed_only_when_its_intervals_are_apart():
    assert found(repeat_lines(30, (12, 9))).find("repeat_rate") is None
    clear = found(repeat_lines(60, (48, 12))).find("repeat_rate")
    assert clear.claim.startswith("Fewer new customers buy again within 90 days: 20.0%, against 80.0%")
    assert clear.low < 0.2 < clear.high
    assert clear.stake_kind == "annual"


def test_nothing_is_claimed_from_an_upper_bound():
    lines = repeat_lines(60, (48, 12))
    lines = lines[lines["date"] > "2022-01-01"]
    card = kpis.scorecard(lines, **OPTIONS)
    assert card.row("repeat_rate")["status"] == "upper bound"
    assert improve.findings(card).find("repeat_rate") is None


def test_revenue_without_a_customer_is_told():
    lines = sales(("2024-01-05", 90, "a", "1"), ("2024-01-05", 10, None, "2"))
    assert found(lines).find("anonymous_revenue").claim.startswith("10.0% of revenue has no customer")
    assert found(sales(("2024-01-05", 96, "a", "1"), ("2024-01-05", 4, None, "2"))).find("anonymous_revenue") is None


def test_a_margin_rate_that_fell_is_profit_at_stake():
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 100, "a", "3"), cost=[50, 60])
    margin = found(lines).find("margin_rate")
    assert float(margin.stake) == pytest.approx(10)
    assert margin.claim == "The gross margin rate fell by 10.0\N{NARROW NO-BREAK SPACE}pt to 40.0%."


def test_three_months_below_the_year_before_make_a_run():
    rows = [(f"2022-{month:02}-05", 100, "a", f"a{month}") for month in (11, 12)]
    rows += [(f"2023-{month:02}-05", 100 if month < 11 else 90, "a", f"b{month}") for month in (1, 11, 12)]
    lines = sales(*rows, ("2024-01-05", 80, "a", "c"))
    run = found(lines).find("months_below")
    assert (run.value, run.stake) == (3, None)  # the same money as the change of revenue


def test_concentration_is_told_where_half_of_revenue_hangs_on_ten_or_it_rose():
    many = [("2023-01-05", 10, f"c{n}", f"o{n}") for n in range(40)] + [
        ("2024-01-05", 10, f"c{n}", f"p{n}") for n in range(40)
    ]
    assert found(sales(*many)).find("concentration") is None
    one = found(sales(*many, ("2024-01-06", 100, "c1", "big"))).find("concentration")
    assert "up from 25.0% in January 2023" in one.claim
    assert one.stake == 110


def test_a_gap_too_small_to_matter_is_no_finding():
    lines = sales(("2023-01-05", 10_000, "a", "1"), ("2023-01-05", 20, "b", "2"), ("2024-01-05", 10_000, "a", "3"))
    assert found(lines).find("customers_lost") is None


def test_two_columns_of_data_make_findings_too():
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 80, "a", "2"))[["date", "net_revenue"]]
    result = found(lines)
    assert [item.id for item in result.items] == ["revenue_against_year_before"]
    assert result.items[0].claim == "Revenue fell by €20 (−20.0%) against January 2023."


def test_a_first_year_has_no_change_to_tell():
    lines = sales(("2024-01-05", 80, "a", "2")).iloc[1:].assign(date=pd.Timestamp("2024-01-01"))
    result = found(lines)
    assert {item.id for item in result.items} == {"concentration"}
    result._repr_mimebundle_()


def test_results_of_another_period_or_kind_are_refused():
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 80, "a", "2"))
    card = kpis.scorecard(lines, **OPTIONS)
    with pytest.raises(ParameterError, match="2023-01"):
        improve.findings(card, kpis.trend(lines, period=periods.parse("2023-01"), currency="EUR"))
    with pytest.raises(ParameterError, match="DataFrame"):
        improve.findings(card, lines)


def test_every_finding_ends_in_an_action_and_names_its_basis_and_reference():
    lines = sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", -5, "a", "2"), ("2023-01-07", 50, "b", "3"),
        ("2024-01-05", 60, "a", "4"), ("2024-01-06", -20, "a", "5"), ("2024-01-07", 10, None, "6"),
        cost=[50, -2, 20, 40, -10, 5], country=["fr", "fr", "de", "fr", "fr", None],
    )  # fmt: skip
    result = found(lines, dimensions=("country",))
    assert len(result.items) >= 6
    assert all(item.action and item.basis and item.reference and item.figure_ids for item in result.items)
    assert result.figures()["figure_id"].is_unique
    assert [card["rank"] for card in cards_of(result.items, "EUR")] == [str(n + 1) for n in range(len(result.items))]


def test_names_from_the_data_are_escaped():
    lines = sales(
        ("2023-01-05", 100, "a", "1"), ("2023-01-06", 70, "b", "2"),
        ("2024-01-05", 20, "a", "3"), ("2024-01-05", 70, "b", "4"),
        country=["<img onerror=x>", "de", "<img onerror=x>", "de"],
    )  # fmt: skip
    result = found(lines, dimensions=("country",))
    html = result.html() + improve.summary(kpis.scorecard(lines, **OPTIONS), result).html()
    assert "<img" not in html
    assert "&lt;img onerror=x&gt;" in html


def test_findings_speak_the_language_in_use():
    lines = sales(("2023-01-05", 100, "a", "1"), ("2024-01-05", 80, "a", "2"))
    languages.use("fr")
    try:
        french = found(lines).find("revenue_against_year_before")
    finally:
        languages.use("en")
    assert french.id == "revenue_against_year_before"
    assert "80" in found(lines)._repr_mimebundle_()[0]["text/plain"]
