"""The containers of docker-compose.yml as services of ECS on Fargate, each with the rights that it needs alone.

The code location is found by Cloud Map, not by Service Connect or a load balancer: those cut a call after 15 seconds,
and a sensor's evaluation is one call.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as servicediscovery
from constructs import Construct

from flightsched_pipelines.reporting.metrics import NAMESPACE
from infrastructure.buckets import OF_OUR_CODE, bucket_name
from infrastructure.context_error import ContextError
from infrastructure.data_stack import DataStack
from infrastructure.deployment import Deployment
from infrastructure.retention import log_retention, removal
from infrastructure.service_roles import MIGRATE, ROLES, RUN, Role

SHELL = "code-location"
"""The one service that an operator may open a shell in: it has what the runbook's commands need."""

STOP_SECONDS = 120
"""As long as Fargate allows; a deploy waits for the runs first (`flightsched drain`)."""

QUEUE_ACTIONS = (
    "sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes",
)  # fmt: skip


class Services(Construct):
    """A cluster, and a service a role: exactly one daemon at any time, the others replaced without a gap."""

    def __init__(self, scope: Construct, deployment: Deployment, data: DataStack) -> None:
        super().__init__(scope, "Services")
        self._deployment, self._data = deployment, data
        self._group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/flightsched/{deployment.environment}",
            retention=log_retention(deployment.sizes.log_days),
            encryption_key=data.key,
            removal_policy=removal(deployment.sizes),
        )
        self.log_group = self._group
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=f"flightsched-{deployment.environment}",
            vpc=data.network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
            # A session may show people's data: it is encrypted, and no log gets it. CloudTrail has who opened it.
            execute_command_configuration=ecs.ExecuteCommandConfiguration(
                kms_key=data.key, logging=ecs.ExecuteCommandLogging.NONE
            ),
        )
        self._namespace = self.cluster.add_default_cloud_map_namespace(
            name=f"{deployment.environment}.flightsched.internal", type=servicediscovery.NamespaceType.DNS_PRIVATE
        )
        self.tasks = {name: self._task(name, role) for name, role in ROLES.items()}
        self.tasks["migrate"] = self._task("migrate", MIGRATE)
        if deployment.runs_on_ecs:
            self.tasks[RUN] = self._task(RUN, ROLES["code-location"])
            for launcher in ("daemon", "webserver"):
                self._let_launch(self.tasks[launcher])
        self.services = {name: self._service(name) for name in ROLES}
        # A deploy stops the daemon and starts it again at once: not before the new code answers.
        self.services["daemon"].node.add_dependency(self.services["code-location"])

    def _task(self, name: str, role: Role) -> ecs.FargateTaskDefinition:
        sizes = self._deployment.sizes
        task = ecs.FargateTaskDefinition(
            self,
            _pascal(name) + "Task",
            family=self._family(name),
            cpu=role.cpu or sizes.code_location_cpu,
            memory_limit_mib=role.megabytes or sizes.code_location_megabytes,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        task.add_container(
            name,
            image=ecs.ContainerImage.from_ecr_repository(self._data.images, self._deployment.image_digest),
            command=list(role.command),
            user="10001:10001",
            environment=dict(self._environment(role)),
            logging=ecs.LogDriver.aws_logs(stream_prefix=name, log_group=self._group),
            stop_timeout=Duration.seconds(STOP_SECONDS),
            linux_parameters=ecs.LinuxParameters(self, _pascal(name) + "Linux", init_process_enabled=True),
            port_mappings=[] if role.port is None or name == RUN else [ecs.PortMapping(container_port=role.port)],
            health_check=None if not role.health or name == RUN else ecs.HealthCheck(
                command=list(role.health),
                interval=Duration.seconds(role.health_seconds),
                timeout=Duration.seconds(15),
                retries=4,
                start_period=Duration.seconds(120),
            ),
        )  # fmt: skip
        self._grant(task, role)
        return task

    def _family(self, name: str) -> str:
        return f"flightsched-{name}-{self._deployment.environment}"

    def _environment(self, role: Role) -> Mapping[str, str]:
        """The settings of a role; a secret is there by its name alone, and is read at run time."""
        data, deployment = self._data, self._deployment
        every = {
            "ENVIRONMENT": deployment.environment,
            "AWS_REGION": data.region,
            "DATABASE_URL_SECRET": data.database.secret.secret_name,
            "PGSSLMODE": "require",
            "COMPUTE_LOGS_BUCKET": data.buckets.compute_logs.bucket_name,
            "CODE_LOCATION_HOST": f"code-location.{self._namespace.namespace_name}",
            "RUN_LAUNCHER": "ecs" if deployment.runs_on_ecs else "process",
        }
        if deployment.runs_on_ecs:
            every["RUN_TASK_DEFINITION"] = self._family(RUN)
        if not role.runs_our_code:
            return every
        names = {f"{setting}_SECRET": secret.secret_name for setting, secret in data.secrets.of_settings.items()}
        own = every | names | {
            "REDIS_URL_SECRET": data.cache.secret.secret_name,
            "BASE_URL": f"https://{deployment.portal_host}",
            "MAIL_VIA": "ses",
            "MAIL_FROM": f"Flight School Scheduling <scheduling@{deployment.mail_domain}>",
            "WEATHER_SOURCE": "live",
            "LOG_FORMAT": "json",
            "WEATHER_CONTACT": deployment.operators_address,
            "PORTAL_TRUSTED_PROXIES": data.network.vpc.vpc_cidr_block,
            "SCHEDULE_FEED": f"s3://{data.buckets.feed.bucket_name}/",
            "ARCHIVE": f"s3://{data.buckets.exports.bucket_name}/archive",
            "REPORTS_BUCKET": data.buckets.reports.bucket_name,
        }  # fmt: skip
        if twice := sorted(own.keys() & deployment.settings.keys()):
            raise ContextError(f"settings: the stacks set {', '.join(twice)} themselves; leave that out")
        return {**own, **deployment.settings}

    def _grant(self, task: ecs.FargateTaskDefinition, role: Role) -> None:
        """Allow a task what its service does, in words of our own.

        CDK's grants would allow `s3:List*` and the like, and name these roles in the key's policy: a cycle of stacks.
        """
        data = self._data
        secrets, buckets, messaging = [data.database.secret], ["ComputeLogs"], data.messaging
        if role.runs_our_code:
            secrets += [data.cache.secret, *data.secrets.of_settings.values()]
            buckets += OF_OUR_CODE
        arns = [f"arn:{data.partition}:s3:::{bucket_name(self, name, self._deployment)}" for name in buckets]
        _allow(task, ["secretsmanager:GetSecretValue"], [secret.secret_arn for secret in secrets])
        _allow(task, ["kms:Decrypt", "kms:GenerateDataKey"], [data.key.key_arn])
        _allow(task, ["s3:ListBucket"], arns)
        _allow(task, ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [f"{arn}/*" for arn in arns])
        if role.runs_our_code:
            _allow(task, ["sns:Publish"], [topic.topic_arn for topic in messaging.published])
            _allow(task, QUEUE_ACTIONS, [queue.queue_arn for queue in messaging.used])
            _allow(task, ["ses:SendEmail", "ses:SendRawEmail"], messaging.senders)
            _allow(task, ["ses:GetEmailIdentity"], [messaging.identity.email_identity_arn])
            _allow(task, ["sns:ListTopics"], ["*"])  # it has no narrower resource, nor has the next one
            in_ours = {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}
            _allow(task, ["cloudwatch:PutMetricData"], ["*"], in_ours)

    def _let_launch(self, task: ecs.FargateTaskDefinition) -> None:
        """Allow a task to start and to end tasks of runs, and to hand them the roles of a run."""
        run, region = self.tasks[RUN], f"{self._data.region}:{self._data.account}"
        in_ours = {"ArnEquals": {"ecs:cluster": self.cluster.cluster_arn}}
        tasks = f"arn:{self._data.partition}:ecs:{region}:task/flightsched-{self._deployment.environment}/*"
        _allow(task, ["ecs:RunTask"], [run.task_definition_arn], in_ours)
        _allow(task, ["ecs:DescribeTasks", "ecs:StopTask"], [tasks], in_ours)
        _allow(task, ["ecs:TagResource"], [tasks])
        _allow(task, ["iam:PassRole"], [run.task_role.role_arn, run.obtain_execution_role().role_arn])
        # These have no narrower resource.
        _allow(task, ["ecs:DescribeTaskDefinition", "ec2:DescribeNetworkInterfaces"], ["*"])

    def _service(self, name: str) -> ecs.FargateService:
        """A service whose failed deploy is rolled back; there is never a second daemon, not even for a moment."""
        is_daemon = name == "daemon"
        return ecs.FargateService(
            self,
            _pascal(name),
            service_name=name,
            cluster=self.cluster,
            task_definition=self.tasks[name],
            desired_count=1,
            min_healthy_percent=0 if is_daemon else 100,
            max_healthy_percent=100 if is_daemon else 200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            security_groups=[self._data.network.services],
            assign_public_ip=False,
            platform_version=ecs.FargatePlatformVersion.LATEST,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_execute_command=name == SHELL,
            cloud_map_options=ecs.CloudMapOptions(name=name, dns_ttl=Duration.seconds(10))
            if name == "code-location"
            else None,
        )


def _allow(
    task: ecs.FargateTaskDefinition,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    task.add_to_task_role_policy(
        iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
    )


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))
