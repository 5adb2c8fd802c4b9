"""Every law says how many examples it runs and why that is enough, in one way, so that the nightly run has them all."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_counts_of_examples_are_stated_by_examples_alone_each_with_a_reason() -> None:
    files = [file for file in TESTS.rglob("*.py") if file.name not in {"examples.py", "test_examples.py"}]
    elsewhere = [file.name for file in files if re.search(r"\bmax_examples\b", file.read_text(encoding="utf-8"))]
    assert elsewhere == []
    stated = [found for file in files for found in re.findall(r"\bexamples\(\s*([^,]+),\s*([^)]{3})", file.read_text())]
    assert len(stated) > 40
    assert [why for _, why in stated if not why.startswith('"')] == []
