"""Buckets: encrypted, closed to the world, reached by TLS alone, each with the life of its contents."""

import re

from aws_cdk import Duration, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infrastructure.deployment import Deployment
from infrastructure.retention import removal

COMPUTE_LOG_DAYS = 90
ACCESS_LOG_DAYS = 90
REPORT_DAYS = 365
NONCURRENT_DAYS = 30


OF_OUR_CODE = ("Reports", "Exports", "Feed")
"""Buckets that only our own code reads and writes; the output of steps is every service's of Dagster's."""


class Buckets(Construct):
    """Output of steps, report pages, exports with the archive, the schedule's feed, and who read any of them."""

    def __init__(self, scope: Construct, deployment: Deployment) -> None:
        super().__init__(scope, "Buckets")
        self._deployment = deployment
        self._access_logs = log_bucket(self, "AccessLogs", deployment)
        self.compute_logs = self._bucket("ComputeLogs", COMPUTE_LOG_DAYS)
        self.reports = self._bucket("Reports", REPORT_DAYS)
        self.exports = self._bucket("Exports", None)
        self.feed = self._bucket("Feed", REPORT_DAYS)

    def _bucket(self, name: str, days: int | None) -> s3.Bucket:
        return s3.Bucket(
            self,
            name,
            bucket_name=bucket_name(self, name, self._deployment),
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            server_access_logs_bucket=self._access_logs,
            server_access_logs_prefix=f"{name.lower()}/",
            removal_policy=removal(self._deployment.sizes),
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                    expiration=None if days is None else Duration.days(days),
                    noncurrent_version_expiration=Duration.days(NONCURRENT_DAYS),
                )
            ],
        )


def bucket_name(scope: Construct, name: str, deployment: Deployment) -> str:
    """Return a bucket's name, unique in the world by the account's number."""
    kebab = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    return f"flightsched-{deployment.environment}-{kebab}-{Stack.of(scope).account}"


def log_bucket(scope: Construct, name: str, deployment: Deployment) -> s3.Bucket:
    """Return a bucket for the logs of accesses to something else, which expire."""
    return s3.Bucket(
        scope,
        name,
        encryption=s3.BucketEncryption.S3_MANAGED,  # the only one that Amazon's log delivery can write to
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
        removal_policy=removal(deployment.sizes),
        lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(ACCESS_LOG_DAYS))],
    )
