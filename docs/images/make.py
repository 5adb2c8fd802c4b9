"""Draw the README's pictures from a fresh demo: ``make images``, which draws those of the portal too.

Needs Chromium in the path (Debian: ``apt-get install chromium``). The demo runs in a temporary folder, on a free port,
and is removed afterwards; it takes about two minutes.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
FLIGHTSCHED = Path(sys.executable).with_name("flightsched")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MAX_BYTES = 200_000
START_SECONDS = 180
PAGE_MILLISECONDS = 30_000
LINEAGE = "asset-groups"
MAIL = "opened-student"


def main() -> None:
    """Run the demo, and write each picture next to this file."""
    if CHROMIUM is None:
        sys.exit("Chromium is not in the path; install it (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"FLIGHTSCHED_HOME": folder, "PORTAL_PORT": str(_free_port())}
        _run(environment, "demo", "--yes")
        try:
            _run(environment, "--demo", "preview", "--html", f"{folder}/mails", "--yes")
            _shoot((Path(folder) / "mails" / f"{MAIL}.html").as_uri(), "mail.png", (640, 900))
            _run(environment, "--demo", "report")
            page = Path(folder) / "demo" / "reports" / "latest.html"
            _shoot(page.as_uri(), "report.png", (1100, 900))
            _shoot(_on_phones(page, ["", "#metrics"]), "report-phone.png", (740, 900), dark=True)
            with _dagster(environment) as address:
                _shoot(f"{address}/{LINEAGE}", "lineage.png", (1600, 900))
        finally:
            _run(environment, "--demo", "db", "stop")


def _run(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([FLIGHTSCHED, *arguments], env=environment, check=True)  # noqa: S603, our own command


@contextmanager
def _dagster(environment: dict[str, str]) -> Generator[str]:
    """Yield the address of a Dagster UI of the demo, until the block ends."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    command = [FLIGHTSCHED, "--demo", "dev", "--port", str(port)]
    process = subprocess.Popen(command, env=environment)  # noqa: S603, our own command
    try:
        _wait_for(f"{address}/server_info", process)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url):  # noqa: S310, an address of ours
                return
        except OSError:
            time.sleep(1)
    sys.exit(f"{url} did not respond within {START_SECONDS} s")


def _on_phones(page: Path, places: Sequence[str]) -> str:
    """Return the address of a page that shows places of another, each as wide as a phone: no window is so narrow."""
    frames = "".join(f'<iframe src="{page.name}{place}" width="360" height="900"></iframe>' for place in places)
    shown = page.with_name("phones.html")
    shown.write_text(
        '<meta name="color-scheme" content="light dark"><style>body { margin: 0; display: flex; gap: 20px }'
        f" iframe {{ border: 0 }}</style>{frames}"
    )
    return shown.as_uri()


def _shoot(url: str, name: str, size: tuple[int, int], *, dark: bool = False) -> None:
    """Write a PNG of a page once its scripts have come to rest; a file has none, and is drawn whole only at once."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}",
            *([f"--virtual-time-budget={PAGE_MILLISECONDS}"] if url.startswith("http") else []),
            *(["--force-dark-mode"] if dark else []), f"--screenshot={HERE / name}", url,
        ]  # fmt: skip
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603, a program of Debian's
    if (HERE / name).stat().st_size > MAX_BYTES:
        sys.exit(f"{name} has more than {MAX_BYTES:,} bytes; choose a smaller window")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
