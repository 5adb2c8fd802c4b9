"""The entrances from the world, by TLS alone: the portal behind a firewall, the Dagster UI behind a sign-in."""

from aws_cdk import Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infrastructure.buckets import log_bucket
from infrastructure.data_stack import DataStack
from infrastructure.deployment import Deployment
from infrastructure.ports import HTTPS_PORT, PORTAL_PORT, UI_PORT
from infrastructure.services import Services

STREAM_SECONDS = 75
"""Longer than the live stream is silent, so that the balancer does not cut it."""

SESSION_HOURS = 12
REQUESTS_IN_FIVE_MINUTES = 2_000
"""Of one address; the portal's own limits are stricter and count links too."""

MANAGED_RULES = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)


class Edge(Construct):
    """Two load balancers: the portal's, and that of the Dagster UI with its read-only twin."""

    def __init__(self, scope: Construct, deployment: Deployment, data: DataStack, services: Services) -> None:
        super().__init__(scope, "Edge")
        self._data = data
        self._logs = log_bucket(self, "BalancerLogs", deployment)
        certificate = acm.Certificate.from_certificate_arn(self, "Certificate", deployment.certificate_arn)
        self.portal = self._balancer("Portal", deployment)
        listener = self._listener(self.portal, certificate)
        listener.add_target_groups("Portal", target_groups=[self._target("PortalTarget", services.services["portal"],
                                                                         PORTAL_PORT, "/readyz")])  # fmt: skip
        self._firewall(deployment)

        self.operations = self._balancer("Operations", deployment)
        listener = self._listener(self.operations, certificate)
        listener.add_action("Nobody", action=elb.ListenerAction.fixed_response(404, content_type="text/plain"))
        for priority, (name, host) in enumerate(
            {"webserver": deployment.operations_host, "viewer": deployment.viewers_host}.items(), start=1
        ):
            target = self._target(f"{name.capitalize()}Target", services.services[name], UI_PORT, "/server_info")
            listener.add_action(
                name.capitalize(),
                priority=priority,
                conditions=[elb.ListenerCondition.host_headers([host])],
                action=self._after_sign_in(deployment, target),
            )

    def _balancer(self, name: str, deployment: Deployment) -> elb.ApplicationLoadBalancer:
        vpc = self._data.network.vpc
        balancer = elb.ApplicationLoadBalancer(
            self,
            name,
            vpc=vpc,
            internet_facing=True,
            security_group=self._data.network.balancers,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="public"),
            drop_invalid_header_fields=True,
            deletion_protection=deployment.sizes.is_protected,
            idle_timeout=Duration.seconds(STREAM_SECONDS),
            desync_mitigation_mode=elb.DesyncMitigationMode.STRICTEST,
        )
        balancer.log_access_logs(self._logs, prefix=name.lower())
        return balancer

    def _listener(
        self, balancer: elb.ApplicationLoadBalancer, certificate: acm.ICertificate
    ) -> elb.ApplicationListener:
        return balancer.add_listener(
            "Https",
            port=HTTPS_PORT,
            protocol=elb.ApplicationProtocol.HTTPS,
            certificates=[certificate],
            ssl_policy=elb.SslPolicy.TLS13_RES,
            open=False,  # the group lets the world in
        )

    def _target(self, name: str, service: ecs.FargateService, port: int, path: str) -> elb.ApplicationTargetGroup:
        return elb.ApplicationTargetGroup(
            self,
            name,
            vpc=self._data.network.vpc,
            port=port,
            protocol=elb.ApplicationProtocol.HTTP,  # inside the VPC, between security groups
            targets=[service],
            deregistration_delay=Duration.seconds(30),
            health_check=elb.HealthCheck(path=path, interval=Duration.seconds(15), timeout=Duration.seconds(10)),
        )

    def _after_sign_in(self, deployment: Deployment, target: elb.ApplicationTargetGroup) -> elb.ListenerAction:
        sign_in, secret = deployment.sign_in, self._data.secrets.sign_in
        return elb.ListenerAction.authenticate_oidc(
            issuer=sign_in.issuer,
            authorization_endpoint=sign_in.authorization_endpoint,
            token_endpoint=sign_in.token_endpoint,
            user_info_endpoint=sign_in.user_info_endpoint,
            client_id=sign_in.client_id,
            client_secret=secret.secret_value,
            scope="openid email",
            session_timeout=Duration.hours(SESSION_HOURS),
            next=elb.ListenerAction.forward([target]),
        )

    def _firewall(self, deployment: Deployment) -> None:
        def visible(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
            return waf.CfnWebACL.VisibilityConfigProperty(
                cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
            )

        managed = [
            waf.CfnWebACL.RuleProperty(
                name=name,
                priority=priority,
                override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
                statement=waf.CfnWebACL.StatementProperty(
                    managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                        vendor_name="AWS", name=name
                    )
                ),
                visibility_config=visible(name),
            )
            for priority, name in enumerate(MANAGED_RULES, start=1)
        ]
        limit = waf.CfnWebACL.RuleProperty(
            name="RequestsOfOneAddress",
            priority=0,
            action=waf.CfnWebACL.RuleActionProperty(block={}),
            statement=waf.CfnWebACL.StatementProperty(
                rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                    aggregate_key_type="IP", limit=REQUESTS_IN_FIVE_MINUTES
                )
            ),
            visibility_config=visible("RequestsOfOneAddress"),
        )
        firewall = waf.CfnWebACL(
            self,
            "Firewall",
            name=f"flightsched-portal-{deployment.environment}",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=[limit, *managed],
            visibility_config=visible(f"flightsched-portal-{deployment.environment}"),
        )
        waf.CfnWebACLAssociation(
            self,
            "FirewallOfPortal",
            resource_arn=self.portal.load_balancer_arn,
            web_acl_arn=firewall.attr_arn,
        )
