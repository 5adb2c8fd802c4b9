"""The network: public subnets for the load balancer alone, private ones for services, isolated ones for data."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.deployment import Deployment
from infrastructure.ports import CODE_PORT, HTTPS_PORT, POSTGRES_PORT, REDIS_PORT
from infrastructure.retention import log_retention, removal


class Network(Construct):
    """A VPC, and a security group for each side of a connection."""

    def __init__(self, scope: Construct, deployment: Deployment, key: kms.IKey) -> None:
        super().__init__(scope, "Network")
        sizes = deployment.sizes
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=sizes.availability_zones,
            nat_gateways=sizes.nat_gateways,
            restrict_default_security_group=False,  # would need a Lambda of its own; no resource uses that group
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
                ),
                ec2.SubnetConfiguration(name="services", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=22),
                ec2.SubnetConfiguration(name="data", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
            ],
        )
        flows = logs.LogGroup(
            self,
            "Flows",
            retention=log_retention(sizes.log_days),
            encryption_key=key,
            removal_policy=removal(sizes),
        )
        self.vpc.add_flow_log("FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(flows))
        # What is read most goes past the NAT gateway, which costs by the gigabyte.
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)

        self.balancers = self._group("Balancers", "Load balancers")
        self.services = self._group("Services", "Tasks of the platform")
        self.database = self._group("Database", "PostgreSQL")
        self.cache = self._group("Cache", "Valkey")
        for protocol in (ec2.Peer.any_ipv4(), ec2.Peer.any_ipv6()):
            self.balancers.add_ingress_rule(protocol, ec2.Port.tcp(HTTPS_PORT), "TLS from the world")
        self.services.add_ingress_rule(
            self.services, ec2.Port.tcp(CODE_PORT), "code location from webserver and daemon"
        )
        self.database.add_ingress_rule(self.services, ec2.Port.tcp(POSTGRES_PORT), "from services")
        self.cache.add_ingress_rule(self.services, ec2.Port.tcp(REDIS_PORT), "from services")

    def _group(self, name: str, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, name, vpc=self.vpc, description=description, allow_all_outbound=name in ("Services", "Balancers")
        )
