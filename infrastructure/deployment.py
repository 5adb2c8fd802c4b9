"""Differences between deployments: sizes, times of keeping, and the choices in the context of a `cdk` command."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from infrastructure.context_error import ContextError
from infrastructure.plain_settings import plain_settings


@dataclass(frozen=True, slots=True)
class Sizes:
    """The parts of a deployment that cost money, and for how long it keeps things."""

    availability_zones: int
    nat_gateways: int
    database_class: str
    database_gigabytes: int
    database_most_gigabytes: int
    database_in_two_zones: bool
    backup_days: int
    cache_type: str
    cache_nodes: int
    code_location_cpu: int
    code_location_megabytes: int
    log_days: int
    budget_usd: int
    is_protected: bool
    """Keep what holds data when its stack is deleted, and protect it from deletion by mistake."""


SIZES = MappingProxyType(
    {
        "development": Sizes(
            availability_zones=2,
            nat_gateways=1,
            database_class="t4g.small",
            database_gigabytes=20,
            database_most_gigabytes=50,
            database_in_two_zones=False,
            backup_days=7,
            cache_type="cache.t4g.micro",
            cache_nodes=1,
            code_location_cpu=1024,
            code_location_megabytes=4096,
            log_days=30,
            budget_usd=350,
            is_protected=False,
        ),
        "production": Sizes(
            availability_zones=2,
            nat_gateways=2,
            database_class="m7g.large",
            database_gigabytes=100,
            database_most_gigabytes=1000,
            database_in_two_zones=True,
            backup_days=35,
            cache_type="cache.t4g.small",
            cache_nodes=2,
            code_location_cpu=2048,
            code_location_megabytes=8192,
            log_days=365,
            budget_usd=900,
            is_protected=True,
        ),
    }
)


LARGE = MappingProxyType(
    {
        "database_class": "m7g.xlarge",
        "database_gigabytes": 400,
        "database_most_gigabytes": 2000,
        "code_location_cpu": 4096,
        "code_location_megabytes": 16384,
        "budget_usd": 1800,
    }
)
"""The sizes of `--context size=large`, for about a hundred schools."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """An OIDC issuer's addresses, as its discovery document has them, and this platform's client id there."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    user_info_endpoint: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment, as the context of a `cdk` command describes it.

    ``image_digest`` is ``None`` before the first image is pushed: there are no services then. ``runs_on_ecs`` makes
    each run a task of its own instead of a process of the code location. ``settings`` are added to the variables of
    what runs our code.
    """

    environment: str
    sizes: Sizes
    region: str
    domain: str
    mail_domain: str
    operators_address: str
    certificate_arn: str
    sign_in: SignIn
    image_digest: str | None
    runs_on_ecs: bool
    settings: Mapping[str, str]

    @property
    def portal_host(self) -> str:
        """Return the host at which people respond."""
        return self.domain

    @property
    def operations_host(self) -> str:
        """Return the host of the Dagster UI, for operators who have signed in."""
        return f"operations.{self.domain}"

    @property
    def viewers_host(self) -> str:
        """Return the host of the read-only Dagster UI."""
        return f"viewers.{self.domain}"


NEEDED = MappingProxyType(
    {
        "domain": "the portal's host, such as flights.example.com",
        "mailDomain": "the domain that mail is sent from, such as example.com",
        "operatorsAddress": "the address for alarms and the budget, such as ops@example.com",
        "certificateArn": "the ACM certificate of the domain and *.domain",
        "signInIssuer": "the OIDC issuer, such as https://login.example.com",
        "signInAuthorization": "its authorization endpoint",
        "signInToken": "its token endpoint",
        "signInUserInfo": "its user info endpoint",
        "signInClientId": "this platform's client id at the issuer",
    }
)
"""The context without a default: its name, and what it is."""


def deployment(context: Callable[[str], Any]) -> Deployment:
    """Return the deployment that a context describes.

    Raises:
        ContextError: something is missing or unknown; the message says what to add to the command.
    """
    environment = context("environment")
    if environment not in SIZES:
        raise ContextError(f"environment is {environment}; give --context environment={' or '.join(SIZES)}")
    given = {name: context(name) for name in NEEDED}
    if missing := [f"--context {name}=... ({NEEDED[name]})" for name, value in given.items() if not value]:
        raise ContextError(
            f"the context misses {len(missing)}: give {', '.join(missing)}, or add them to cdk.context.json"
        )
    size = context("size") or "standard"
    if size not in ("standard", "large"):
        raise ContextError(f"size is {size}; give standard, or large for about a hundred schools")
    digest = context("imageDigest")
    if digest is not None and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise ContextError(
            f"imageDigest is {digest}; give sha256: and 64 hexadecimal digits, not a tag: a tag can move"
        )
    launcher = context("runLauncher") or "process"
    if launcher not in ("process", "ecs"):
        raise ContextError(f"runLauncher is {launcher}; give process, or ecs for each run in a task of its own")
    return Deployment(
        environment=environment,
        sizes=replace(SIZES[environment], **LARGE) if size == "large" else SIZES[environment],
        region=context("region") or "us-east-1",
        domain=given["domain"],
        mail_domain=given["mailDomain"],
        operators_address=given["operatorsAddress"],
        certificate_arn=given["certificateArn"],
        sign_in=SignIn(
            issuer=given["signInIssuer"],
            authorization_endpoint=given["signInAuthorization"],
            token_endpoint=given["signInToken"],
            user_info_endpoint=given["signInUserInfo"],
            client_id=given["signInClientId"],
        ),
        image_digest=digest,
        runs_on_ecs=launcher == "ecs",
        settings=plain_settings(context("settings")),
    )
