"""Faults: what is wrong with several things at once is told at once, so that a load is not typed once a fault."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from perfkit.errors import DataError, ParameterError, PerfkitError

SHOWN = 20
"""Faults that are told; who has mended so many loads again anyhow."""

Faults = list[PerfkitError]


class Several(DataError):
    """Several things that are to be mended before anything is kept.

    Attributes
    ----------
    faults : tuple of PerfkitError
    """

    def __init__(self, faults: Sequence[PerfkitError]) -> None:
        more = f"\n... and {len(faults) - SHOWN:,} more." if len(faults) > SHOWN else ""
        told = "\n".join(f"{nth}. {fault}" for nth, fault in enumerate(faults[:SHOWN], 1))
        super().__init__(f"{len(faults):,} things are to be mended, and nothing is kept until they are.\n{told}{more}")
        self.faults = tuple(faults)


@contextmanager
def collected(faults: Faults) -> Iterator[None]:
    """Add what is refused in here to the faults, and go on."""
    try:
        yield
    except (DataError, ParameterError) as error:
        faults.append(error)


def refuse(faults: Sequence[PerfkitError]) -> None:
    """Raise what was collected: one fault as it is, several as one; nothing where there is none."""
    each = [one for fault in faults for one in (fault.faults if isinstance(fault, Several) else (fault,))]
    told = list({str(one): one for one in each}.values())
    if len(told) == 1:
        raise told[0]
    if told:
        raise Several(told)
