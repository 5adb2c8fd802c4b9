"""The known mistakes of public examples are not in the templates, in either environment."""

import json
import re
import subprocess
from typing import Any

import pytest

from flightsched_pipelines.clients.delivery import aws
from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.setting_sources import is_secret
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.integration.infrastructure.assembly import CONTEXT, DIGEST, ENVIRONMENTS, Assembly
from flightsched_pipelines_tests.servers.compose import BINARIES, ROOT
from infrastructure.context_error import ContextError
from infrastructure.costs import as_markdown
from infrastructure.deployment import deployment
from infrastructure.plain_settings import plain_settings

OF_LIBRARIES = {"CODE_LOCATION_HOST", "PGSSLMODE"}
ROLES = {"code-location", "daemon", "webserver", "viewer", "portal"}


def containers(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Return the container of each task by its name."""
    tasks = assembly.properties("AWS::ECS::TaskDefinition")
    return {container["Name"]: container for task in tasks for container in task["ContainerDefinitions"]}


def services(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Return the services by their names."""
    return {service["ServiceName"]: service for service in assembly.properties("AWS::ECS::Service")}


def test_cloudformation_would_accept_them(assemblies: dict[str, Assembly]) -> None:
    files = [str(file) for name in ENVIRONMENTS for file in assemblies[name].files]
    # W3045: the access control that Amazon's own log delivery wants; W6001: outputs for the deploy, of the other stack.
    linted = subprocess.run(  # noqa: S603, our own words
        [str(BINARIES / "cfn-lint"), "--regions", "us-east-1", "--ignore-checks", "W3045", "W6001", "--", *files],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert linted.returncode == 0, linted.stdout


def test_there_is_never_a_second_daemon_not_even_during_a_deploy(assembly: Assembly) -> None:
    found = services(assembly)
    assert found.keys() == ROLES
    daemon = found.pop("daemon")
    assert daemon["DesiredCount"] == 1
    deploys = daemon["DeploymentConfiguration"]
    assert (deploys["MinimumHealthyPercent"], deploys["MaximumPercent"]) == (0, 100)
    assert {one["DeploymentConfiguration"]["MinimumHealthyPercent"] for one in found.values()} == {100}
    assert not assembly.of_type("AWS::ApplicationAutoScaling::ScalableTarget")


def test_the_daemon_is_replaced_after_the_code_location(assembly: Assembly) -> None:
    names = {
        resource["Properties"]["ServiceName"]: name for name, resource in assembly.of_type("AWS::ECS::Service").items()
    }
    daemon = assembly.of_type("AWS::ECS::Service")[names["daemon"]]
    assert names["code-location"] in daemon["DependsOn"]


def test_a_failed_deploy_is_rolled_back(assembly: Assembly) -> None:
    for service in services(assembly).values():
        assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_every_image_is_named_by_its_digest(assembly: Assembly) -> None:
    for container in containers(assembly).values():
        assert json.dumps(container["Image"]).rstrip('"]} ').endswith(f"@{DIGEST}")


def test_the_database_is_private_encrypted_and_reached_by_tls(assembly: Assembly) -> None:
    (database,) = assembly.properties("AWS::RDS::DBInstance")
    (parameters,) = assembly.properties("AWS::RDS::DBParameterGroup")
    assert database["PubliclyAccessible"] is False
    assert database["StorageEncrypted"] is True
    assert parameters["Parameters"]["rds.force_ssl"] == "1"
    is_production = assembly.name == "production"
    assert database["DeletionProtection"] is is_production
    assert database["MultiAZ"] is is_production
    assert database["BackupRetentionPeriod"] == (35 if is_production else 7)
    (resource,) = assembly.of_type("AWS::RDS::DBInstance").values()
    assert resource["DeletionPolicy"] == ("Retain" if is_production else "Delete")
    assert "MasterUserPassword" in database
    assert "resolve:secretsmanager" in json.dumps(database["MasterUserPassword"])


def test_the_cache_is_encrypted_at_rest_and_on_the_way(assembly: Assembly) -> None:
    (cache,) = assembly.properties("AWS::ElastiCache::ReplicationGroup")
    assert cache["AtRestEncryptionEnabled"] is True
    assert (cache["TransitEncryptionEnabled"], cache["TransitEncryptionMode"]) == (True, "required")
    assert "resolve:secretsmanager" in json.dumps(cache["AuthToken"])


def test_data_have_no_way_from_the_world(assembly: Assembly) -> None:
    open_to_all = [
        rule
        for group in assembly.properties("AWS::EC2::SecurityGroup")
        for rule in group.get("SecurityGroupIngress", [])
        if "0.0.0.0/0" in json.dumps(rule) or "::/0" in json.dumps(rule)
    ]
    assert {(rule["FromPort"], rule["ToPort"]) for rule in open_to_all} == {(443, 443)}
    assert all("SourceSecurityGroupId" in rule for rule in assembly.properties("AWS::EC2::SecurityGroupIngress"))
    for service in services(assembly).values():
        assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"


def test_no_secret_is_a_plain_variable_and_each_one_is_a_setting(assembly: Assembly) -> None:
    fields = {name.upper(): is_secret(field) for name, field in Settings.model_fields.items()}
    for name, container in containers(assembly).items():
        assert "Secrets" not in container, "read at run time, so that a rotation needs no redeploy"
        variables = {one["Name"]: one["Value"] for one in container["Environment"]}
        by_reference = {one.removesuffix("_SECRET") for one in variables if one.endswith("_SECRET")}
        assert all(fields[setting] for setting in by_reference), name
        plain = {one.partition("__")[0] for one in variables if not one.endswith("_SECRET")}
        assert plain - OF_LIBRARIES <= {setting for setting, secret in fields.items() if not secret}, name
        assert variables["PGSSLMODE"] == "require"
        keys = {"OPENAI_API_KEY", "SECRET_KEY"}
        assert keys.isdisjoint(by_reference) is (name in {"daemon", "webserver", "viewer"}), "keys go to our code alone"


def test_settings_of_the_context_reach_what_runs_our_code(assembly: Assembly) -> None:
    for name, container in containers(assembly).items():
        variables = {one["Name"]: one["Value"] for one in container["Environment"]}
        given = {key: variables.get(key) for key in ("KEEP_DAYS__RAW_WEATHER", "FIRST_HOUR", "OTLP_ENDPOINT")}
        if name in {"daemon", "webserver", "viewer"}:
            assert set(given.values()) == {None}
        else:
            assert list(given.values()) == ["90", "2026-11-24T13", "http://otel:4318"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"METRICS_TOKEN": "s3cret"}, "METRICS_TOKEN is a secret: it belongs in Secrets Manager, under flightsched"),
        ({"SMTP_URL_FILE": "s3cret"}, "SMTP_URL_FILE is a secret"),
        ('{"openai_api_key": "s3cret"}', "openai_api_key is a secret"),
        ({"KEPT_DAYS": 3}, "there is no setting KEPT_DAYS; README.md lists them"),
        ({"LOOKAHEAD_HOURS__X": 3}, "there is no setting LOOKAHEAD_HOURS__X"),
        ({"KEEP_DAYS": {"alerts": 90}}, "KEEP_DAYS must be text, a number, true or false"),
        ("s3cret", "settings must be a mapping"),
        ([1], "settings must be a mapping"),
    ],
)  # fmt: skip
def test_a_setting_of_the_context_is_plain_and_known(settings: object, said: str) -> None:
    with pytest.raises(ContextError, match=said) as refused:
        plain_settings(settings)
    assert "s3cret" not in str(refused.value)


def test_settings_are_text_for_their_variables() -> None:
    given = {"SCHEDULE_FEED_COMPLETE": True, "LOOKAHEAD_HOURS": 48}
    assert plain_settings(given) == {"SCHEDULE_FEED_COMPLETE": "true", "LOOKAHEAD_HOURS": "48"}
    assert plain_settings(None) == {}


def test_a_role_reads_the_secrets_of_its_service_and_no_others(assembly: Assembly) -> None:
    for name, role in assembly.of_type("AWS::IAM::Policy").items():
        for statement in role["Properties"]["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not any(action == "*" or action.endswith(":*") for action in actions), name
            if "secretsmanager:GetSecretValue" in actions:
                named = json.dumps(statement["Resource"])
                assert '"*"' not in named
                if re.match("Services(Daemon|Webserver|Viewer)Task", name):
                    assert "OpenaiApiKey" not in named


def test_nobody_listens_without_tls_and_operators_sign_in(assembly: Assembly) -> None:
    listeners = assembly.properties("AWS::ElasticLoadBalancingV2::Listener")
    assert [(listener["Port"], listener["Protocol"]) for listener in listeners] == [(443, "HTTPS")] * 2
    assert {listener["SslPolicy"] for listener in listeners} == {"ELBSecurityPolicy-TLS13-1-2-Res-2021-06"}
    rules = assembly.properties("AWS::ElasticLoadBalancingV2::ListenerRule")
    assert len(rules) == 2, "the UI, and the read-only one"
    for rule in rules:
        first, second = sorted(rule["Actions"], key=lambda action: action["Order"])
        assert (first["Type"], second["Type"]) == ("authenticate-oidc", "forward")
        assert "resolve:secretsmanager" in json.dumps(first["AuthenticateOidcConfig"]["ClientSecret"])


def test_the_portal_is_behind_a_firewall(assembly: Assembly) -> None:
    (association,) = assembly.properties("AWS::WAFv2::WebACLAssociation")
    assert "Portal" in json.dumps(association["ResourceArn"])
    (firewall,) = assembly.properties("AWS::WAFv2::WebACL")
    assert len({rule["Priority"] for rule in firewall["Rules"]}) == len(firewall["Rules"]) == 5


def test_calls_to_the_code_location_are_not_cut(assembly: Assembly) -> None:
    assert all("ServiceConnectConfiguration" not in service for service in services(assembly).values())
    registered = [name for name, service in services(assembly).items() if service.get("ServiceRegistries")]
    assert registered == ["code-location"]
    hosts = {
        json.dumps(one["Value"])
        for container in containers(assembly).values()
        for one in container["Environment"]
        if one["Name"] == "CODE_LOCATION_HOST"
    }
    assert len(hosts) == 1
    assert "code-location." in hosts.pop()


def test_topics_and_queues_have_the_names_that_the_application_uses(assembly: Assembly) -> None:
    topics = {topic["TopicName"] for topic in assembly.properties("AWS::SNS::Topic")}
    queues = {queue["QueueName"]: queue for queue in assembly.properties("AWS::SQS::Queue")}
    name = assembly.name
    assert {aws.notifications_topic(name), aws.operations_topic(name)} <= topics
    named = (aws.alerts_queue, aws.alerts_dead_letters, aws.responses_queue, aws.responses_dead_letters)
    assert queues.keys() == {of(name) for of in named}
    for queue in (aws.alerts_queue(name), aws.responses_queue(name)):
        assert queues[queue]["RedrivePolicy"]["maxReceiveCount"] == aws.MAX_RECEIVES


def test_who_sends_mail_may_use_the_identity_and_its_configuration_set(assembly: Assembly) -> None:
    """SES asks for both where the identity has a set by default."""
    (mail_set,) = assembly.properties("AWS::SES::ConfigurationSet")
    may_send = [
        json.dumps(statement["Resource"])
        for policy in assembly.properties("AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "ses:SendEmail" in statement["Action"]
    ]
    assert len(may_send) == len({"code-location", "portal", "migrate"})
    for resources in may_send:
        assert "MessagingIdentity" in resources
        assert f":configuration-set/{mail_set['Name']}" in resources


def test_mail_has_its_bounces_and_complaints(assembly: Assembly) -> None:
    events = [
        destination["EventDestination"]["MatchingEventTypes"]
        for destination in assembly.properties("AWS::SES::ConfigurationSetEventDestination")
    ]
    assert sorted(events) == [["bounce", "reject"], ["complaint"]]
    (identity,) = assembly.properties("AWS::SES::EmailIdentity")
    assert "ConfigurationSetName" in identity["ConfigurationSetAttributes"]


def test_the_six_alarms_have_their_names_and_the_checks_limits_and_two_more_watch_the_platform(
    assembly: Assembly,
) -> None:
    alarms = {alarm["AlarmName"]: alarm for alarm in assembly.properties("AWS::CloudWatch::Alarm")}
    runbooks = {
        f"{check.counterpart}-{assembly.name}": check.limit
        for check in CHECKS.values()
        if re.fullmatch(r"(weather-monitor|ai-rescheduler)-[a-z]+", check.counterpart)
    }
    assert len(runbooks) == 6
    assert runbooks == {name: alarms[name]["Threshold"] for name in runbooks}
    assert alarms.keys() - runbooks == {f"daemon-memory-{assembly.name}", f"heartbeat-{assembly.name}"}
    assert all(alarm["AlarmActions"] for alarm in alarms.values())
    heartbeat = alarms[f"heartbeat-{assembly.name}"]
    assert heartbeat["TreatMissingData"] == "breaching", "silence is the fault"


def test_cloudwatch_may_publish_to_the_topic_of_every_alarm(assembly: Assembly) -> None:
    alarms = assembly.properties("AWS::CloudWatch::Alarm")
    imported = {json.dumps(to) for alarm in alarms for to in (*alarm["AlarmActions"], *alarm["OKActions"])}
    exports = assembly.template("data")["Outputs"].values()
    topics = {
        export["Value"]["Ref"]
        for export in exports
        if any(export.get("Export", {}).get("Name", "no export") in one for one in imported)
    }
    assert len(topics) == len(imported) == 1
    allowed = {
        topic["Ref"]
        for policy in assembly.properties("AWS::SNS::TopicPolicy")
        for topic in policy["Topics"]
        for statement in policy["PolicyDocument"]["Statement"]
        if (statement["Effect"], statement["Principal"]) == ("Allow", {"Service": "cloudwatch.amazonaws.com"})
        and statement["Action"] == "sns:Publish"
        and statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    }
    assert topics <= allowed


def test_the_dashboards_and_the_budget_have_their_names(assembly: Assembly) -> None:
    boards = {board["DashboardName"] for board in assembly.properties("AWS::CloudWatch::Dashboard")}
    assert boards == {f"weather-monitor-{assembly.name}", f"ai-rescheduler-{assembly.name}"}
    (budget,) = assembly.properties("AWS::Budgets::Budget")
    assert len(budget["NotificationsWithSubscribers"]) == 2


def test_logs_end(assembly: Assembly) -> None:
    days = {group["RetentionInDays"] for group in assembly.properties("AWS::Logs::LogGroup")}
    assert days == {365 if assembly.name == "production" else 30}


def test_buckets_are_closed_and_their_contents_expire(assembly: Assembly) -> None:
    buckets = assembly.properties("AWS::S3::Bucket")
    assert len(buckets) == 6
    for bucket in buckets:
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert "BucketEncryption" in bucket
        assert bucket["LifecycleConfiguration"]["Rules"]
    secure = json.dumps(assembly.properties("AWS::S3::BucketPolicy"))
    assert secure.count('"aws:SecureTransport": "false"') == len(buckets)


def test_passwords_of_the_database_are_changed_by_schedule(assembly: Assembly) -> None:
    (schedule,) = assembly.properties("AWS::SecretsManager::RotationSchedule")
    assert schedule["RotationRules"]["ScheduleExpression"] == "rate(30 days)"


def test_runs_are_tasks_of_their_own_where_the_context_says_so(assemblies: dict[str, Assembly]) -> None:
    def launchers(name: str) -> set[str]:
        return {
            one["Value"]
            for container in containers(assemblies[name]).values()
            for one in container["Environment"]
            if one["Name"] == "RUN_LAUNCHER"
        }

    assert (launchers("production"), launchers("on-ecs")) == ({"process"}, {"ecs"})
    assert "run" not in containers(assemblies["production"])
    run = containers(assemblies["on-ecs"])["run"]
    assert "PortMappings" not in run or run["PortMappings"] == []
    policies = json.dumps(assemblies["on-ecs"].properties("AWS::IAM::Policy"))
    assert {action in policies for action in ("ecs:RunTask", "ecs:DescribeTasks", "iam:PassRole")} == {True}
    assert "ecs:RunTask" not in json.dumps(assemblies["production"].properties("AWS::IAM::Policy"))


def test_a_fault_in_the_context_is_one_sentence() -> None:
    given: dict[str, str] = {**CONTEXT, "environment": "production"}
    for name, value, said in (
        ("environment", "staging", "give --context environment=development or production"),
        ("domain", None, r"the context misses 1: give --context domain=\.\.\. \(the portal's host"),
        ("imageDigest", "latest", "not a tag: a tag can move"),
        ("runLauncher", "k8s", "runLauncher is k8s; give process, or ecs"),
        ("size", "huge", "size is huge; give standard, or large"),
    ):
        with pytest.raises(ContextError, match=said):
            deployment((given | {name: value}).get)
    assert deployment({**given, "imageDigest": None}.get).image_digest is None, "before the first image there is none"
    assert deployment({**given, "size": "large"}.get).sizes.database_class == "m7g.xlarge"


def test_the_page_of_costs_is_what_the_sizes_cost() -> None:
    assert (ROOT / "docs" / "reference" / "costs.md").read_text() == as_markdown()
