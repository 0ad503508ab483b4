"""Models: those of repeat buying that can be asked for, by name."""

from perfkit.customers.clv.bg_nbd import BgNbd, MbgNbd
from perfkit.customers.clv.pareto_nbd import ParetoNbd
from perfkit.customers.clv.processes import Process

MODELS: dict[str, Process] = {each.name: each for each in (BgNbd(), MbgNbd(), ParetoNbd(), Process())}
"""With stopping after a purchase, at any time, and without."""
