"""The benchmark's plain loop, written apart, comes to the same verdicts: what is measured there still runs here."""

from pathlib import Path

import numpy as np

from benchmarks.risk import data, plain_python, this_code

BOOKINGS, AIRPORTS = 4_000, 60


def test_the_plain_loop_comes_to_the_same_verdict_on_every_booking(tmp_path: Path) -> None:
    world = data.world(BOOKINGS, AIRPORTS)
    world.save(tmp_path)
    here = this_code.numbers(this_code.assess(this_code.load(tmp_path)))
    there = plain_python.assess(plain_python.load(tmp_path))
    assert set(np.unique(here)) == {0, 1, 2, 3}, "every verdict occurs"
    np.testing.assert_array_equal(here, there)
