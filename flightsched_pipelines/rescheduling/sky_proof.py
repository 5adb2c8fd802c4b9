"""The sky over one proposal, judged one number at a time straight from forecast rows and minimums.

This repeats in plain Python what ``risk`` does in arrays, on purpose and sharing nothing with it, so that a mistake in
either shows as a disagreement.
"""

import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from flightsched_pipelines.rescheduling.records import Booking, Span, is_null, number_or_none

Row = Mapping[Any, Any]

_HOUR = timedelta(hours=1)
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_SEVERITY = {"ok": 0, "watch": 1, "unforecast": 2}
_CONVECTION = {"TS", "VCTS", "CB", "TCU", "SQ", "GR", "FC", "+FC"}
_ICE = {"FZRA", "FZDZ", "FZFG", "FZUP", "PL"}
_BROKEN_EVEN_IF_TEMPORARY = {"thunderstorm", "icing"}
_KEY = ("training_level", "solo", "lesson_kind", "night", "rule")
