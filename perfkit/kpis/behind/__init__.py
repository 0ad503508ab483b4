"""Behind a figure: which lines is it made of, and how do they make it?"""

from perfkit.kpis.behind.asked import PART, Behind, in_one, not_available
from perfkit.kpis.behind.figures import lines_behind

__all__ = ["PART", "Behind", "in_one", "lines_behind", "not_available"]
