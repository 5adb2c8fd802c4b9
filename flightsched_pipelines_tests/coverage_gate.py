"""The coverage gates: lines 80 %, branches 75 %, from the data that pytest-cov has just written."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

GATES_PERCENT = {"lines": 80.0, "branches": 75.0}


def main() -> int:
    """Print what was covered; 1 when a gate is missed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)], check=True)  # noqa: S603
        totals = json.loads(report.read_text())["totals"]
    covered = {
        "lines": 100 * totals["covered_lines"] / totals["num_statements"],
        "branches": 100 * totals["covered_branches"] / totals["num_branches"],
    }
    for name, gate in GATES_PERCENT.items():
        sys.stdout.write(f"{name}: {covered[name]:.1f} % covered, {gate:g} % is the least\n")
    return int(any(covered[name] < gate for name, gate in GATES_PERCENT.items()))


if __name__ == "__main__":
    sys.exit(main())
