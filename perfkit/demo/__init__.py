"""Demo: a whole company of 36 months whose truth is known, simulated from a seed."""

from perfkit.demo.story import Story, simulate

__all__ = ["Story", "simulate"]
