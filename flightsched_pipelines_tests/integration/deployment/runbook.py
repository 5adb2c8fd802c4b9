"""The runbook's text, and the commands in it."""

import re
import shlex

from flightsched_pipelines_tests.servers.compose import ROOT

RUNBOOK = (ROOT / "docs" / "how-to" / "runbook.md").read_text()
_BLOCKS = re.findall(r"^```bash( runnable)?\n(.*?)^```$", RUNBOOK, re.MULTILINE | re.DOTALL)
RUNNABLE: list[str] = [block for mark, block in _BLOCKS if mark]
"""Blocks that run as they stand."""

COMMANDS = [
    shlex.split(line, comments=True)
    for mark, block in _BLOCKS
    if not mark
    for line in block.splitlines()
    if not line.startswith("#")
]
"""The other blocks' commands, in words."""
