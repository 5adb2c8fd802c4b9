"""State how many examples a law runs, and why that is enough; ``HYPOTHESIS_PROFILE=nightly`` runs a hundred times more.

A law that states nothing runs ``DEFAULT`` of them: its inputs are few numbers or short texts, whose edges Hypothesis
tries first, and an example takes well under a millisecond.
"""

import os
from typing import Any

from hypothesis import HealthCheck, settings

NIGHTLY = "nightly"
IS_NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == NIGHTLY
TIMES = 100 if IS_NIGHTLY else 1
DEFAULT = 100


def load_profile() -> None:
    """Load the profile: no example has a deadline, for a machine of any speed."""
    settings.register_profile("machine-of-any-speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile(
        NIGHTLY, max_examples=DEFAULT * TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile(NIGHTLY if IS_NIGHTLY else "machine-of-any-speed")


def examples(count: int, why: str, **named: Any) -> settings:
    """Return the settings of a law that runs so many examples, for a reason in words."""
    if not why.strip():
        raise ValueError(f"say why {count} examples are enough")
    return settings(max_examples=count * TIMES, deadline=None, **named)
