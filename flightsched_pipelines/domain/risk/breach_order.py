"""The order of a lesson's breaches, the gravest first.

The place of each breach in it is stored (``breach_rank``), and whatever names one breach of many reads that.
docs/concepts/minimums.md gives the reasons.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.limits.effective_limits import BLOCK, EFFECTS
from flightsched_pipelines.domain.risk.rules import HAZARD_RULES, RULES

DAYLIGHT_SCALE_MINUTES = 60.0
"""An hour of daylight that is lacking weighs as much as a limit that is missed by all of it."""


def gravest_first(breaches: pd.DataFrame) -> pd.DataFrame:
    """Sort the breaches of each lesson, the gravest first, and number them from 1 in ``breach_rank``.

    Of two breaches the graver is the one that:

    1. alone would give the lesson the worse verdict (``severity``),
    2. blocks, where the other warns,
    3. is a hazard, of which none is allowed, where the other is a measured limit,
    4. lasts, where the other is of a temporary group,
    5. misses its limit by the larger share of it (`share_missed`),
    6. is of the rule that comes first in ``RULES``, is earlier, or is at the airport that comes first by its ident.

    Args:
        breaches: ``position`` of the lesson, ``severity``, ``effect``, ``rule``, ``layer``, ``value``, ``margin``,
            ``limit_value``, ``hour_utc`` and ``airport``.
    """
    rule = breaches["rule"]
    keys = (
        breaches["position"],
        -breaches["severity"],
        breaches["effect"] != EFFECTS[BLOCK],
        ~rule.isin(HAZARD_RULES),
        breaches["layer"] == "temporary",
        -share_missed(breaches),
        rule.map({name: place for place, name in enumerate(RULES)}).fillna(len(RULES)),
        breaches["hour_utc"],
        pd.factorize(breaches["airport"], sort=True)[0],
    )
    ordered = breaches.iloc[np.lexsort([np.asarray(key) for key in reversed(keys)])].reset_index(drop=True)
    return ordered.assign(breach_rank=ordered.groupby("position").cumcount() + 1)


def share_missed(breaches: pd.DataFrame) -> NDArray[np.float64]:
    """Return by which share of its limit each breach misses it: 0.5 is half of it; infinite where nothing is measured.

    Of a limit of 0 it is in the limit's unit; of daylight, in hours.
    """
    limit = breaches["limit_value"].abs().to_numpy(dtype=np.float64)
    scale = np.where(breaches["rule"] == "daylight", DAYLIGHT_SCALE_MINUTES, np.where(limit == 0, 1.0, limit))
    share = -breaches["margin"].to_numpy(dtype=np.float64) / scale
    # A value that is not known, and may be beyond its limit, is graver than none that is.
    not_known = breaches["value"].isna() & breaches["limit_value"].notna()
    return np.where(not_known, 0.0, np.where(np.isnan(share), np.inf, share))
