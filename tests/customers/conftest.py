"""CDNOW: the sample of 2,357 customers, as the articles use it."""

import numpy as np
import pandas as pd
import pytest

from perfkit.customers import clv

END = "1997-09-30"


@pytest.fixture(scope="session")
def cdnow(shared_data) -> pd.DataFrame:
    """The purchases of the authors' sample, one customer in ten, as they publish it."""
    return pd.read_csv(
        shared_data / "cdnow" / "CDNOW_sample.txt",
        sep=r"\s+",
        names=["customer_id", "sample_id", "date", "cds", "net_revenue"],
        dtype={"customer_id": str, "date": str},
        parse_dates=["date"],
    )


@pytest.fixture(scope="session")
def summary(cdnow) -> clv.Summary:
    return clv.summarise(cdnow, observed_until=END)


@pytest.fixture(scope="session")
def models(summary) -> dict[str, clv.Fitted]:
    return {name: clv.fit(summary, model=name) for name in ("bg_nbd", "mbg_nbd", "pareto_nbd", "nbd")}


def frame_of(*rows: tuple[float, float, float]) -> pd.DataFrame:
    """Histories (frequency, recency, T), one a customer."""
    return pd.DataFrame(rows, columns=["frequency", "recency", "T"])


def simulated(
    model: str, theta: tuple[float, ...], n: int, seed: int, *, until: float = 40.0, horizon: float = 0.0
) -> pd.DataFrame:
    """Customers drawn from a model, purchase by purchase: histories, and `later`: purchases within the horizon."""
    draw = np.random.default_rng(seed)
    r, alpha = theta[:2]
    rate = draw.gamma(r, 1 / alpha, n)
    age = draw.uniform(until / 2, until, n)
    end = np.full(n, np.inf)
    p = np.zeros(n)
    if model == "pareto_nbd":
        end = draw.exponential(1 / draw.gamma(theta[2], 1 / theta[3], n))
    elif model in ("bg_nbd", "mbg_nbd"):
        p = draw.beta(theta[2], theta[3], n)
    alive = draw.random(n) >= p if model == "mbg_nbd" else np.ones(n, dtype=bool)
    now, x, last, later = np.zeros(n), np.zeros(n, dtype=int), np.zeros(n), np.zeros(n, dtype=int)
    while alive.any():
        now = now + draw.exponential(1 / np.maximum(rate, 1e-12))
        alive &= (now <= end) & (now <= age + horizon)
        seen = alive & (now <= age)
        x, last, later = x + seen, np.where(seen, now, last), later + (alive & ~seen)
        alive &= draw.random(n) >= p
    return pd.DataFrame({"frequency": x, "recency": last, "T": age, "later": later})
