"""The stack of what is deployed with each version: services, what the world reaches, and what watches them."""

from aws_cdk import CfnOutput, Environment, Stack
from constructs import Construct

from infrastructure.data_stack import DataStack
from infrastructure.deployment import Deployment
from infrastructure.edge import Edge
from infrastructure.services import Services
from infrastructure.watching import Watching


class ServicesStack(Stack):
    """``flightsched-services-{environment}``."""

    def __init__(self, scope: Construct, deployment: Deployment, data: DataStack) -> None:
        super().__init__(
            scope,
            f"flightsched-services-{deployment.environment}",
            description="flightsched_pipelines: services, load balancers, alarms",
            env=Environment(region=deployment.region),
            termination_protection=deployment.sizes.is_protected,
        )
        self.services = Services(self, deployment, data)
        self.edge = Edge(self, deployment, data, self.services)
        self.watching = Watching(self, deployment, data, self.services)
        # What the deploy workflow needs for its tasks.
        network = data.network
        outputs = {
            "Cluster": self.services.cluster.cluster_name,
            "Subnets": ",".join(network.vpc.select_subnets(subnet_group_name="services").subnet_ids),
            "SecurityGroup": network.services.security_group_id,
            "PortalAddress": self.edge.portal.load_balancer_dns_name,
            "OperationsAddress": self.edge.operations.load_balancer_dns_name,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
