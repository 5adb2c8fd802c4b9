"""Run a stand-in for OpenAI in its own process for the duration of a demo."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from flightsched_pipelines.cli.console import UsageError, print_progress

PACKAGE, MODULE = "flightsched_pipelines_tests", "flightsched_pipelines_tests.servers.openai_server"


@contextmanager
def fake_openai() -> Generator[None]:
    """Let the environment name the stand-in as OpenAI.

    Raises:
        UsageError: the tests package, which contains it, is not installed next to this one.
    """
    if importlib.util.find_spec(PACKAGE) is None:
        raise UsageError(f"--fake-llm needs the package {PACKAGE}; run it from a clone of the repository")
    command = [sys.executable, "-m", MODULE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603, our own words
        url = server.stdout.readline().strip() if server.stdout else ""
        if not url:
            raise UsageError(f"the stand-in for OpenAI did not start; `python -m {MODULE}` shows why")
        os.environ.update(OPENAI_API_KEY="a-key-of-the-demonstration", OPENAI_BASE_URL=url, OPENAI_MODEL="fake-llm")
        print_progress(f"a stand-in for OpenAI listens at {url}")
        yield
