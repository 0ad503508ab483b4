"""Cohorts: who stays, what do customers bring from age to age, and when has it paid for acquiring them?"""

from perfkit.customers.cohorts.drifts import CohortDrift, drift
from perfkit.customers.cohorts.paybacks import Payback, payback
from perfkit.customers.cohorts.triangles import CohortTriangle, build

__all__ = ["CohortDrift", "CohortTriangle", "Payback", "build", "drift", "payback"]
