"""Times of keeping, in CDK's terms."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs

from infrastructure.deployment import Sizes

_LOG_DAYS = {
    30: logs.RetentionDays.ONE_MONTH,
    365: logs.RetentionDays.ONE_YEAR,
}


def log_retention(days: int) -> logs.RetentionDays:
    """Return CDK's name of a number of days."""
    return _LOG_DAYS[days]


def removal(sizes: Sizes) -> RemovalPolicy:
    """Return what becomes of a thing whose stack is deleted: in production it is kept."""
    return RemovalPolicy.RETAIN if sizes.is_protected else RemovalPolicy.DESTROY
