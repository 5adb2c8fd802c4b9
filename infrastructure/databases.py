"""PostgreSQL and Valkey: private, encrypted, reached by TLS alone."""

from aws_cdk import Duration, SecretValue, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infrastructure.deployment import Deployment
from infrastructure.network import Network
from infrastructure.ports import REDIS_PORT
from infrastructure.retention import log_retention, removal

DATABASE = "flightsched"
VERSION = rds.PostgresEngineVersion.of("18.4", "18")
"""The version of the tests and of docker-compose.yml."""

PASSWORD_DAYS = 30
LOGS = ("postgresql", "upgrade")


class Database(Construct):
    """RDS for PostgreSQL, with both databases; its password is changed every month."""

    def __init__(self, scope: Construct, deployment: Deployment, network: Network, key: kms.IKey) -> None:
        super().__init__(scope, "Database")
        sizes = deployment.sizes
        engine = rds.DatabaseInstanceEngine.postgres(version=VERSION)
        name = f"flightsched-{deployment.environment}"
        groups = [self._log_group(f"/aws/rds/instance/{name}/{log}", log, deployment, key) for log in LOGS]
        self.instance = rds.DatabaseInstance(
            self,
            "Instance",
            instance_identifier=name,
            engine=engine,
            instance_type=ec2.InstanceType(sizes.database_class),
            parameter_group=rds.ParameterGroup(
                self,
                "Parameters",
                engine=engine,
                description="flightsched: TLS alone, and slow statements in the log",
                parameters={"rds.force_ssl": "1", "log_min_duration_statement": "1000", "timezone": "UTC"},
            ),
            database_name=DATABASE,
            credentials=rds.Credentials.from_generated_secret(
                "flightsched",
                secret_name=f"flightsched/{deployment.environment}/database-url",
                encryption_key=key,
                exclude_characters=" %+~`#$&*()|[]{}:;<>?!'/@\"\\=^,",
            ),
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="data"),
            security_groups=[network.database],
            publicly_accessible=False,
            multi_az=sizes.database_in_two_zones,
            allocated_storage=sizes.database_gigabytes,
            max_allocated_storage=sizes.database_most_gigabytes,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            storage_encryption_key=key,
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            iam_authentication=True,
            backup_retention=Duration.days(sizes.backup_days),
            delete_automated_backups=not sizes.is_protected,
            copy_tags_to_snapshot=True,
            deletion_protection=sizes.is_protected,
            removal_policy=removal(sizes),
            auto_minor_version_upgrade=True,
            preferred_backup_window="08:35-09:05",  # between two hours' runs, at night over North America
            preferred_maintenance_window="sun:09:20-sun:09:50",
            cloudwatch_logs_exports=list(LOGS),
            enable_performance_insights=True,
            performance_insight_encryption_key=key,
            monitoring_interval=Duration.minutes(1),
        )
        self.instance.node.add_dependency(*groups)  # else RDS makes them, and keeps its logs for ever
        secret = self.instance.secret
        assert secret is not None  # noqa: S101, the credentials are generated
        self.secret = secret
        self.instance.add_rotation_single_user(
            automatically_after=Duration.days(PASSWORD_DAYS),
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="services"),
            security_group=network.services,
        )

    def _log_group(self, name: str, log: str, deployment: Deployment, key: kms.IKey) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            f"{log.capitalize()}Log",
            log_group_name=name,
            retention=log_retention(deployment.sizes.log_days),
            encryption_key=key,
            removal_policy=removal(deployment.sizes),
        )


class Cache(Construct):
    """ElastiCache for Valkey: the stream of events for other applications."""

    def __init__(self, scope: Construct, deployment: Deployment, network: Network, key: kms.IKey) -> None:
        super().__init__(scope, "Cache")
        sizes = deployment.sizes
        name = f"flightsched-{deployment.environment}"
        subnets = elasticache.CfnSubnetGroup(
            self,
            "Subnets",
            description="flightsched: isolated subnets",
            cache_subnet_group_name=name,
            subnet_ids=network.vpc.select_subnets(subnet_group_name="data").subnet_ids,
        )
        token = secretsmanager.Secret(
            self,
            "Token",
            secret_name=f"flightsched/{deployment.environment}/redis-token",
            description="Valkey's AUTH token",
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            removal_policy=removal(sizes),
        )
        group = elasticache.CfnReplicationGroup(
            self,
            "Group",
            replication_group_id=name,
            replication_group_description="flightsched: events for other applications",
            engine="valkey",
            engine_version="8.2",
            cache_node_type=sizes.cache_type,
            num_cache_clusters=sizes.cache_nodes,
            automatic_failover_enabled=sizes.cache_nodes > 1,
            multi_az_enabled=sizes.cache_nodes > 1,
            cache_subnet_group_name=subnets.ref,
            security_group_ids=[network.cache.security_group_id],
            at_rest_encryption_enabled=True,
            kms_key_id=key.key_id,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            auth_token=token.secret_value.unsafe_unwrap(),  # a reference, which CloudFormation resolves
            port=REDIS_PORT,
            snapshot_retention_limit=sizes.backup_days,
        )
        group.apply_removal_policy(removal(sizes))
        address = {
            "engine": "rediss",
            "host": group.attr_primary_end_point_address,
            "port": REDIS_PORT,
            "password": token.secret_value.unsafe_unwrap(),
        }
        self.secret = secretsmanager.Secret(
            self,
            "Address",
            secret_name=f"flightsched/{deployment.environment}/redis-url",
            description="Valkey's address with its token, as REDIS_URL",
            encryption_key=key,
            secret_string_value=SecretValue.unsafe_plain_text(Stack.of(self).to_json_string(address)),
            removal_policy=removal(sizes),
        )
