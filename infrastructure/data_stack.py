"""The stack of what must not be lost: network, databases, buckets, secrets, topics, queues and the images.

It changes seldom. What is deployed with each version is in `services_stack`.
"""

from aws_cdk import Environment, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infrastructure.buckets import Buckets
from infrastructure.databases import Cache, Database
from infrastructure.deployment import Deployment
from infrastructure.messaging import Messaging
from infrastructure.network import Network
from infrastructure.retention import removal
from infrastructure.secrets import Secrets

KEPT_IMAGES = 20


class DataStack(Stack):
    """``flightsched-data-{environment}``."""

    def __init__(self, scope: Construct, deployment: Deployment) -> None:
        super().__init__(
            scope,
            f"flightsched-data-{deployment.environment}",
            description="flightsched_pipelines: network, databases, buckets, secrets",
            env=Environment(region=deployment.region),
            termination_protection=deployment.sizes.is_protected,
        )
        self.key = kms.Key(
            self,
            "Key",
            description=f"flightsched {deployment.environment}: data at rest",
            enable_key_rotation=True,
            removal_policy=removal(deployment.sizes),
        )
        self._let_logs_and_alarms_use_the_key()
        self.network = Network(self, deployment, self.key)
        self.secrets = Secrets(self, deployment, self.key)
        self.database = Database(self, deployment, self.network, self.key)
        self.cache = Cache(self, deployment, self.network, self.key)
        self.buckets = Buckets(self, deployment)
        self.messaging = Messaging(self, deployment, self.key)
        self.images = ecr.Repository(
            self,
            "Images",
            repository_name=f"flightsched-{deployment.environment}",
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=KEPT_IMAGES)],
            removal_policy=removal(deployment.sizes),
        )

    def _let_logs_and_alarms_use_the_key(self) -> None:
        """Let Amazon's services read and write what the key encrypts, of this account alone."""
        of_logs = f"arn:{self.partition}:logs:{self.region}:{self.account}:*"
        by_service = {
            f"logs.{self.region}.amazonaws.com": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": of_logs}},
            "cloudwatch.amazonaws.com": {"StringEquals": {"aws:SourceAccount": self.account}},
            "ses.amazonaws.com": {"StringEquals": {"aws:SourceAccount": self.account}},
        }
        for service, conditions in by_service.items():
            self.key.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal(service)],
                    actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                    resources=["*"],
                    conditions=conditions,
                )
            )
