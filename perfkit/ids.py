"""Ids: how a name stands within a figure's id, so that no two figures share one."""

import re


def escaped(name: str, signs: str) -> str:
    """Return a name in which some signs, and the per cent sign, are written as their numbers: %3A for a colon.

    Parameters
    ----------
    signs : str
        Those that mean something where the name is to stand.
    """
    return re.sub(f"[%{re.escape(signs)}]", lambda sign: f"%{ord(sign[0]):02X}", name)


def unescaped(written: str) -> str:
    """Return a name as it was before `escaped` wrote it, whatever the signs."""
    return re.sub("%([0-9A-F]{2})", lambda number: chr(int(number[1], 16)), written)
