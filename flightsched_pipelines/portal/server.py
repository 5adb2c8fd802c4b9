"""The web server of the portal: its log contains no link, and it trusts no header unless a proxy is configured."""

import logging

import uvicorn

from flightsched_pipelines.portal.app import build_portal
from flightsched_pipelines.portal.site import Site

GRACE_SECONDS = 5


def serve(site: Site, host: str, port: int) -> None:
    """Serve the portal until the process is asked to end."""
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S")
    logging.getLogger("flightsched_pipelines.portal").setLevel(logging.INFO)
    uvicorn.Server(config(site, host, port)).run()


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
