"""Work out the costs of a month from the sizes: ``python -m infrastructure.costs > docs/reference/costs.md``.

Estimates: list prices and assumed amounts. Nothing here was deployed or billed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from infrastructure.deployment import LARGE, SIZES, Sizes
from infrastructure.service_roles import ROLES

HOURS = 730
PRICED_ON = "2026-11-26"
BALANCERS = 2
SECRETS, ALARMS, FIREWALL_RULES = 10, 8, 5
METRICS = 30

PRICES: Mapping[str, float] = MappingProxyType(
    {
        "Fargate, vCPU (ARM), hour": 0.03238,
        "Fargate, GB (ARM), hour": 0.00356,
        "RDS t4g.small, hour": 0.032,
        "RDS m7g.large, hour": 0.168,
        "RDS m7g.xlarge, hour": 0.337,
        "RDS gp3 storage, GB": 0.115,
        "ElastiCache t4g.micro (Valkey), hour": 0.0128,
        "ElastiCache t4g.small (Valkey), hour": 0.0256,
        "load balancer with one capacity unit, hour": 0.0305,
        "NAT gateway, hour": 0.045,
        "NAT gateway, GB": 0.045,
        "public IPv4 address, hour": 0.005,
        "firewall": 5.0,
        "firewall rule": 1.0,
        "secret": 0.40,
        "KMS key": 1.0,
        "custom metric": 0.30,
        "alarm": 0.10,
        "logs, GB": 0.50,
        "S3, GB": 0.023,
        "SES, thousand mails": 0.10,
        "SNS and SQS, million requests": 0.50,
    }
)
"""US dollars, us-east-1, on demand, without taxes, free tiers and savings plans."""

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "Fargate, vCPU (ARM), hour": "vantage.sh/blog/fargate-pricing",
        "Fargate, GB (ARM), hour": "vantage.sh/blog/fargate-pricing",
        "RDS t4g.small, hour": "infratally.com/articles/aws-rds-pricing-explained-2026.html",
        "RDS gp3 storage, GB": "usage.ai/blogs/aws/reserved-instances/rds/pricing-calculator",
        "NAT gateway, hour": "cloudburn.io/blog/aws-nat-gateway-pricing",
        "NAT gateway, GB": "cloudburn.io/blog/aws-nat-gateway-pricing",
        "public IPv4 address, hour": "cloudburn.io/blog/aws-nat-gateway-pricing",
    }
)
"""Pages of others that have the same price; what is not here was written down from memory."""


@dataclass(frozen=True, slots=True)
class Load:
    """The assumed use of a number of schools in a month."""

    schools: int
    mails: int
    log_gigabytes: float
    nat_gigabytes: float
    stored_gigabytes: float
    llm_usd: float


ONE = Load(1, mails=1_500, log_gigabytes=5, nat_gigabytes=10, stored_gigabytes=5, llm_usd=2)
HUNDRED = Load(100, mails=150_000, log_gigabytes=60, nat_gigabytes=200, stored_gigabytes=300, llm_usd=150)
COLUMNS: Mapping[str, tuple[Sizes, Load]] = MappingProxyType(
    {
        "development": (SIZES["development"], ONE),
        "production, one school": (SIZES["production"], ONE),
        "production, 100 schools": (replace(SIZES["production"], **LARGE), HUNDRED),
    }
)


def costs(sizes: Sizes, load: Load) -> Mapping[str, float]:
    """Return the US dollars of a month by what they are for."""
    cpu = sum(role.cpu or sizes.code_location_cpu for role in ROLES.values()) / 1024
    gigabytes = sum(role.megabytes or sizes.code_location_megabytes for role in ROLES.values()) / 1024
    copies = 2 if sizes.database_in_two_zones else 1
    addresses = (BALANCERS * sizes.availability_zones) + sizes.nat_gateways
    price = PRICES
    return {
        "services on Fargate": HOURS
        * (cpu * price["Fargate, vCPU (ARM), hour"] + gigabytes * price["Fargate, GB (ARM), hour"]),
        "database": copies
        * (
            HOURS * price[f"RDS {sizes.database_class}, hour"] + sizes.database_gigabytes * price["RDS gp3 storage, GB"]
        ),
        "cache": HOURS
        * sizes.cache_nodes
        * price[f"ElastiCache {sizes.cache_type.removeprefix('cache.')} (Valkey), hour"],
        "load balancers": HOURS * BALANCERS * price["load balancer with one capacity unit, hour"],
        "NAT gateways": HOURS * sizes.nat_gateways * price["NAT gateway, hour"]
        + load.nat_gigabytes * price["NAT gateway, GB"],
        "public addresses": HOURS * addresses * price["public IPv4 address, hour"],
        "firewall": price["firewall"] + FIREWALL_RULES * price["firewall rule"],
        "secrets and key": SECRETS * price["secret"] + price["KMS key"],
        "metrics, alarms and logs": METRICS * price["custom metric"]
        + ALARMS * price["alarm"]
        + load.log_gigabytes * price["logs, GB"],
        "S3": load.stored_gigabytes * price["S3, GB"],
        "mail, topics and queues": load.mails / 1_000 * price["SES, thousand mails"]
        + price["SNS and SQS, million requests"] * load.mails / 100_000,
        "OpenAI": load.llm_usd,
    }


def as_markdown() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Costs a month on Amazon\n"
    yield "Made by `python -m infrastructure.costs > docs/reference/costs.md`; a test compares both.\n"
    yield (
        "**Every figure is an estimate**: the sizes of `infrastructure/deployment.py` at list prices of us-east-1, on\n"
        f"demand, without taxes, free tiers or savings plans, as of {PRICED_ON}. No price was read at Amazon: some\n"
        "were compared with pages of others, the rest are from memory, as the last table says. Verify them with the\n"
        "[AWS Pricing Calculator](https://calculator.aws) for your region before you rely on them. Mails, logs,\n"
        "traffic, storage and OpenAI's cost are assumptions. Nothing was deployed or billed.\n"
    )
    by_column = {name: costs(*column) for name, column in COLUMNS.items()}
    yield f"| US dollars a month (estimates) | {' | '.join(by_column)} |"
    yield "|---|" + "---:|" * len(by_column)
    for item in next(iter(by_column.values())):
        yield f"| {item} | {' | '.join(f'{column[item]:,.0f}' for column in by_column.values())} |"
    totals = [sum(column.values()) for column in by_column.values()]
    yield f"| **together** | {' | '.join(f'**{total:,.0f}**' for total in totals)} |"
    a_school = [total / load.schools for total, (_, load) in zip(totals, COLUMNS.values(), strict=True)]
    yield f"| a school | {' | '.join(f'{each:,.2f}' for each in a_school)} |\n"
    yield "What was assumed of the load:\n"
    yield "| schools | mails | logs, GB | past NAT, GB | in S3, GB | OpenAI, US dollars |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for load in (ONE, HUNDRED):
        yield (
            f"| {load.schools} | {load.mails:,} | {load.log_gigabytes:g} | {load.nat_gigabytes:g} | "
            f"{load.stored_gigabytes:g} | {load.llm_usd:g} |"
        )
    yield f"\nPrices as of {PRICED_ON}, us-east-1, each to be verified:\n"
    yield "| what | US dollars (estimate) | the same at |\n|---|---:|---|"
    for name, dollars in PRICES.items():
        yield f"| {name} | {dollars:g} | {SOURCES.get(name, 'from memory')} |"


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201, the page
