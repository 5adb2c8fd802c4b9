"""The web server of the portal: its log contains no link, and it trusts no header unless a proxy is configured."""

import gc
import json
import logging
from datetime import UTC, datetime

import uvicorn

from flightsched_pipelines.portal.app import build_portal
from flightsched_pipelines.portal.site import Site

GRACE_SECONDS = 5


class JsonFormatter(logging.Formatter):
    """A line of JSON a record; of an error its kind alone, since its words may quote a row of the database."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger and message."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line)


def serve(site: Site, host: str, port: int) -> None:
    """Serve the portal until the process is asked to end."""
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    handler.setFormatter(JsonFormatter() if site.settings.log_format == "json" else plain)
    logging.basicConfig(handlers=[handler])
    logging.getLogger("flightsched_pipelines.portal").setLevel(logging.INFO)
    server = uvicorn.Server(config(site, host, port))
    # Modules stay as long as the process: each look through all of them would hold every page up by 120 ms.
    gc.collect()
    gc.freeze()
    server.run()


def config(site: Site, host: str, port: int) -> uvicorn.Config:
    """Return the server's configuration."""
    proxies = site.settings.portal_trusted_proxies
    return uvicorn.Config(
        build_portal(site),
        host=host,
        port=port,
        access_log=False,  # it would contain the links, which are secrets; `protection` writes one without them
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies or "",
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=GRACE_SECONDS,
        log_level="warning",
    )
