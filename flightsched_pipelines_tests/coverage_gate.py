"""The coverage gates, from what slipcover has just written: of all tests, or with ``unit`` of those alone.

Unit tests are held to what they are for: the pure floors. The rest of the package is reached by integration tests.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slipcover import print_coverage

MEASURED = Path("coverage.json")
"""The file that ``tool.slipcover`` of pyproject.toml names."""

GATES_PERCENT = {"lines": 80.0, "branches": 75.0}
UNIT_GATES_PERCENT = {"lines": 88.0, "branches": 72.0}
"""On 2026-11-26 they covered 91 % of the lines and 75 % of the branches."""

PURE = ("domain", "messages", "reporting")


def main(arguments: Sequence[str]) -> int:
    """Print what was not covered, by file; 1 when a gate is missed."""
    found = json.loads(MEASURED.read_text())
    print_coverage(found, skip_covered=True)
    of_unit = list(arguments) == ["unit"]
    covered = covered_percent(found["files"], PURE if of_unit else ())
    gates = UNIT_GATES_PERCENT if of_unit else GATES_PERCENT
    for name, gate in gates.items():
        sys.stdout.write(f"{name}: {covered[name]:.1f} % covered, {gate:g} % is the least\n")
    return int(any(covered[name] < gate for name, gate in gates.items()))


def covered_percent(files: Mapping[str, Any], rooms: Sequence[str] = ()) -> dict[str, float]:
    """Return the percent of lines and branches covered in some rooms of the package; in all if none is named."""
    folders = tuple(f"flightsched_pipelines/{room}/" for room in rooms) or ("",)
    summaries = [file["summary"] for name, file in files.items() if name.startswith(folders)]

    def percent(what: str) -> float:
        covered, missing = (sum(one[f"{how}_{what}"] for one in summaries) for how in ("covered", "missing"))
        return 100 * covered / (covered + missing)

    return {what: percent(what) for what in GATES_PERCENT}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
