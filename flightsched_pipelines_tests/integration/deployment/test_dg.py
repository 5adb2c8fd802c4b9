"""Dagster's own tool finds the definitions in a checkout with nothing set."""

import json
import os
import subprocess
import sys
from pathlib import Path

from flightsched_pipelines_tests.servers.compose import ROOT


def test_dg_loads_the_checkout_where_no_variable_is_set() -> None:
    bare = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}

    def dg(*arguments: str) -> str:
        command = [str(Path(sys.executable).with_name("dg")), *arguments]
        done = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "All definitions loaded successfully." in dg("check", "defs")
    listed = json.loads(dg("list", "defs", "--json"))
    assert "reschedule_proposals" in {asset["asset_key"] for asset in listed["assets"]}
    assert {"hourly_tick", "dispatch"} <= {job["name"] for job in listed["jobs"]}
    assert {"dispatch_sensor", "delivery_sensor"} <= {sensor["name"] for sensor in listed["sensors"]}
