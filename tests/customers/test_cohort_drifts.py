"""Drift: it speaks where younger cohorts differ, and rarely where they do not."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from perfkit import languages
from perfkit.customers import cohorts
from perfkit.customers.cohorts.drifts import _holm
from perfkit.errors import ParameterError

MONTHS = pd.period_range("2021-01", "2023-12", freq="M")


@pytest.fixture(scope="module")
def empty():
    """A triangle whose cells are put in its place."""
    rows = pd.DataFrame({"customer_id": ["a"], "date": pd.to_datetime(["2021-01-01"]), "net_revenue": [1]})
    return cohorts.build(rows, observed_until="2021-02", acquired_from="2021-01-01", currency="EUR")


def drawn(empty, seed, *, months=36, size=60, base=0.25, change=0.0, season=0.0, shocks=0.0, whole=None):
    """Cohorts whose retention changes by so much a year (in logarithms), with a season and shocks of their own."""
    draw = np.random.default_rng(seed)
    rows = []
    for place in range(months):
        n, shock = int(draw.poisson(size)) + 1, draw.normal(0, shocks) if shocks else 0.0
        for age in (1, 2, 3, 6, 12):
            if place + age < months:
                share = base * np.exp(-0.05 * age + shock + change * place / 12)
                share = min(share * (1 + season * np.sin(2 * np.pi * (place + age) / 12)), 1)
                active = int(draw.binomial(n, share)) if whole is None else whole
                amounts = 5 + draw.lognormal(0, 1, n) * np.exp(change * place / 12)
                rows.append((MONTHS[place], age, "observed", n, active, amounts.mean(), (amounts**2).sum()))
    cells = pd.DataFrame(rows, columns=["cohort", "age", "status", "n", "active", "per_customer", "squares"])
    return dataclasses.replace(empty, cells=cells.astype({"cohort": "period[M]"}))


STATIONARY = {
    "alike": {},
    "small": {"size": 15},
    "few": {"months": 18, "size": 100},
    "season over a year and a half": {"months": 18, "season": 0.3, "size": 200},
    "season over two years": {"months": 24, "season": 0.3, "size": 200},
    "shocks": {"months": 24, "shocks": 0.25, "size": 200},
}


@pytest.mark.parametrize("case", STATIONARY)
@pytest.mark.parametrize("measure", ["retention", "value"])
def test_it_speaks_in_at_most_a_tenth_of_cases_without_drift(empty, case, measure):
    """So many of 60 would pass in 99 of 100 runs of a test that speaks in exactly a tenth."""
    said = sum(
        len(cohorts.drift(drawn(empty, seed, **STATIONARY[case]), measure=measure).told) > 0 for seed in range(60)
    )
    assert said <= 12


def test_it_speaks_where_retention_falls_by_a_third_a_year(empty):
    found = [cohorts.drift(drawn(empty, seed, change=-0.4, size=150, season=0.2)) for seed in range(20)]
    assert sum("lower" in set(each.ages["status"]) for each in found) >= 18
    assert not any("higher" in set(each.ages["status"]) for each in found)
    rising = cohorts.drift(drawn(empty, 1, change=0.4, size=150), measure="value")
    assert set(rising.told["status"]) == {"higher"}


def test_a_trend_that_is_exact_is_measured_exactly(empty):
    """Ten customers a cohort, of whom one more comes every twelve months: ten points a year."""
    triangle = drawn(empty, 0)
    rows = [(MONTHS[place], 1, "observed", 1200, 100 + 10 * place, 1.0, 1200.0) for place in range(36)]
    cells = pd.DataFrame(rows, columns=["cohort", "age", "status", "n", "active", "per_customer", "squares"])
    found = cohorts.drift(dataclasses.replace(triangle, cells=cells.astype({"cohort": "period[M]"})), ages=[1])
    row = found.ages.iloc[0]
    assert row["estimate"] == pytest.approx(0.1) and row["low"] < 0.1 < row["high"]
    assert row["older"] == pytest.approx(100 / 1200) and row["younger"] == pytest.approx(450 / 1200)
    assert row["status"] == "higher" and row["dispersion"] == 1


def test_what_the_data_cannot_carry_is_said_with_its_reason(empty):
    few = cohorts.drift(drawn(empty, 0, months=13))
    assert set(few.ages["status"]) == {"too few cohorts"} and "ask for earlier sales" in repr(few)
    assert few.views()[0].title == "Whether younger cohorts differ cannot be told"
    nobody = cohorts.drift(drawn(empty, 0, whole=0))
    assert "too few customers" in set(nobody.ages["status"])
    old = cohorts.drift(dataclasses.replace(drawn(empty, 0, change=-0.4, size=150), acquired_from=None))
    assert set(old.ages["status"]) == {"left truncated"} and "acquired_from" in repr(old)
    assert set(old.figures()["status"]) == {"not available"} and old.figures()["reason"].str.len().gt(0).all()


def test_p_values_are_those_of_holm():
    assert _holm([0.01, 0.04, 0.03, float("nan")])[:3] == pytest.approx([0.03, 0.06, 0.06])


def test_it_speaks_both_languages_and_names_the_ages(empty):
    found = cohorts.drift(drawn(empty, 2, change=-0.4, size=200))
    assert found.views()[0].title.startswith("Younger cohorts buy again less than older ones did: at 1 month")
    languages.use("fr")
    assert "Les cohortes récentes rachètent moins que les anciennes" in repr(found)
    assert "bring" not in repr(cohorts.drift(drawn(empty, 2), measure="value"))


def test_ages_and_measures_that_are_none_are_refused(empty):
    with pytest.raises(ParameterError, match="measure: no setting 'margin'"):
        cohorts.drift(empty, measure="margin")
    for ages in ([0], [1, 1], [], [1.5]):
        with pytest.raises(ParameterError, match="ages is"):
            cohorts.drift(empty, ages=ages)
