"""Findings of cdk-nag that stay, each with its reason. Any other one fails the synthesis."""

from aws_cdk import Acknowledgment, Validations
from constructs import Construct, IConstruct

from infrastructure.buckets import OF_OUR_CODE, bucket_name
from infrastructure.data_stack import DataStack
from infrastructure.deployment import Deployment
from infrastructure.services_stack import ServicesStack

_PACK = "AwsSolutions"
_BY_ISSUER = "its issuer changes it, and an operator enters the new one; the application reads it within a minute"
_WORLD = "people answer from anywhere: TLS alone, the portal behind a firewall, the other behind a sign-in"


def accept_of_data(stack: DataStack, deployment: Deployment) -> None:
    """Accept findings on what holds data."""
    _accept(stack.network.balancers, "EC23", _WORLD)
    for secret in (*stack.secrets.of_settings.values(), stack.secrets.sign_in):
        _accept(secret, "SMG4", _BY_ISSUER)
    for name in ("Token", "Address"):
        _accept(stack.cache.node.find_child(name), "SMG4", "the cache takes a new token by a deploy of both; runbook")
    instance = stack.database.instance
    _accept(
        instance, "RDS11", "the port is no secret: the group lets in services alone, and TLS and a password are due"
    )
    policy = "arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    _accept(instance, f"IAM4[Policy::{policy}]", "Amazon's own policy for this very purpose")
    if not deployment.sizes.is_protected:
        _accept(instance, "RDS3", "development may be away for as long as a restore takes")
        _accept(instance, "RDS10", "development may be deleted")
        _accept(stack.cache, "AEC4", "development may be away for as long as a restore takes")


def accept_of_services(stack: ServicesStack, deployment: Deployment) -> None:
    """Accept findings on what is deployed with each version."""
    names = ["ComputeLogs", *OF_OUR_CODE]
    for task in stack.services.tasks.values():
        _accept(task, "ECS2", "no variable is a secret: a test compares them with the settings")
        _accept(task, "IAM5[Resource::*]", "ECR's login, ListTopics and PutMetricData know no narrower resource")
        for name in names:
            arn = f"arn:<AWS::Partition>:s3:::{bucket_name(stack, name, deployment)}/*"
            arn = arn.replace(stack.account, "<AWS::AccountId>")
            _accept(task, f"IAM5[Resource::{arn}]", "the objects of one bucket, whose names are not known before")
        if deployment.runs_on_ecs:
            arn = (
                f"arn:<AWS::Partition>:ecs:{stack.region}:<AWS::AccountId>:task/flightsched-{deployment.environment}/*"
            )
            _accept(task, f"IAM5[Resource::{arn}]", "tasks of one cluster, whose names are not known before")
    _accept(stack.edge.node.find_child("BalancerLogs"), "S1", "it holds logs of accesses itself")


def _accept(construct: Construct | IConstruct, rule: str, reason: str) -> None:
    Validations.of(construct).acknowledge(Acknowledgment(id=f"{_PACK}::{_PACK}-{rule}", reason=reason))
