"""The coverage gates, from the data that pytest-cov has just written: of all tests, or with ``unit`` of those alone.

Unit tests are held to what they are for: the pure floors. The rest of the package is reached by integration tests.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

GATES_PERCENT = {"lines": 80.0, "branches": 75.0}
UNIT_GATES_PERCENT = {"lines": 88.0, "branches": 72.0}
"""On 2026-11-26 they covered 91 % of the lines and 75 % of the branches."""

PURE = ("domain", "messages", "reporting")


def main(arguments: Sequence[str]) -> int:
    """Print what was covered; 1 when a gate is missed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)], check=True)  # noqa: S603
        found = json.loads(report.read_text())
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

    def percent(covered: str, of: str) -> float:
        return 100 * sum(one[covered] for one in summaries) / sum(one[of] for one in summaries)

    return {
        "lines": percent("covered_lines", "num_statements"),
        "branches": percent("covered_branches", "num_branches"),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
