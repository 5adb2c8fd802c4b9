"""The dashboards and alarms of CloudWatch: two dashboards, the runbook's six alarms and two more, and a budget.

The platform's own checks alert sooner and say more (docs/reference/alerts.md). These are a second line on another
machine, for when the platform itself is away: the heartbeat's alarm fires on missing data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from aws_cdk import Duration
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_logs as logs
from constructs import Construct

from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.reporting.metrics import DIMENSION, METRICS, NAMESPACE
from infrastructure.data_stack import DataStack
from infrastructure.deployment import Deployment
from infrastructure.services import Services

FIVE_MINUTES, HOUR = Duration.minutes(5), Duration.hours(1)
DAEMON_MEMORY_PERCENT = 80
MISSED_HOURS = 2
PARTS = ("weather-monitor", "ai-rescheduler")


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of the runbook: the platform's check whose limit it has, and where its figures come from."""

    check: str
    statistic: str
    seconds: int
    from_logs: bool = False


ALARMS: Mapping[str, Alarm] = MappingProxyType(
    {
        "weather-monitor-errors": Alarm("weather_monitor_errors", "Sum", 300, from_logs=True),
        "weather-monitor-duration": Alarm("weather_monitor_duration", "Average", 3600),
        "weather-monitor-dlq": Alarm("weather_monitor_dead_letters", "Maximum", 3600),
        "ai-rescheduler-errors": Alarm("ai_rescheduler_errors", "Sum", 300, from_logs=True),
        "ai-rescheduler-throttles": Alarm("ai_rescheduler_throttles", "Sum", 3600),
        "ai-rescheduler-dlq": Alarm("ai_rescheduler_dead_letters", "Maximum", 3600),
    }
)
"""Each with its period in seconds. Errors come from the log, which is there at once; the rest is published hourly."""

METRIC_OF_CHECK = MappingProxyType({"weather_monitor_duration": "weather_monitor_duration_seconds"})
"""The metrics of checks that have another name than their check."""


class Watching(Construct):
    """Alarms to the operators' topic, dashboards, and a budget."""

    def __init__(self, scope: Construct, deployment: Deployment, data: DataStack, services: Services) -> None:
        super().__init__(scope, "Watching")
        self._deployment, self._data, self._services = deployment, data, services
        self._action = cloudwatch_actions.SnsAction(data.messaging.operations)
        self._errors = {part: self._errors_in_the_log(part) for part in PARTS}
        for name, alarm in ALARMS.items():
            self._alarm_of_the_runbook(name, alarm)
        self._daemon()
        self._heartbeat()
        for part in PARTS:
            self._dashboard(part)
        self._budget()

    def _metric(self, key: str, statistic: str, period: Duration) -> cloudwatch.Metric:
        metric = METRICS[key]
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric.name,
            dimensions_map={DIMENSION: f"{metric.part}-{self._deployment.environment}"},
            statistic=statistic,
            period=period,
            label=metric.title,
        )

    def _errors_in_the_log(self, part: str) -> cloudwatch.Metric:
        function = f"{part}-{self._deployment.environment}"
        counted = logs.MetricFilter(
            self,
            f"ErrorsOf{_pascal(part)}",
            log_group=self._services.log_group,
            filter_pattern=logs.FilterPattern.all(
                logs.FilterPattern.string_value("$.level", "=", "ERROR"),
                logs.FilterPattern.string_value("$.function", "=", function),
            ),
            metric_namespace=f"{NAMESPACE}/Logs",
            metric_name=f"{function}-errors",
            metric_value="1",
        )
        return counted.metric(statistic="Sum", period=FIVE_MINUTES, label="Errors in the log")

    def _alarm_of_the_runbook(self, name: str, alarm: Alarm) -> None:
        part = name.rpartition("-")[0]
        key = METRIC_OF_CHECK.get(alarm.check, alarm.check)
        metric = self._errors[part] if alarm.from_logs else self._metric(
            key, alarm.statistic, Duration.seconds(alarm.seconds)
        )  # fmt: skip
        self._alarm(name, metric, CHECKS[alarm.check].limit, CHECKS[alarm.check].watches)

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        above: float,
        description: str,
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
        comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    ) -> None:
        made = cloudwatch.Alarm(
            self,
            _pascal(name),
            alarm_name=f"{name}-{self._deployment.environment}",
            alarm_description=description,
            metric=metric,
            threshold=above,
            evaluation_periods=periods,
            comparison_operator=comparison,
            treat_missing_data=missing,
        )
        made.add_alarm_action(self._action)
        made.add_ok_action(self._action)

    def _daemon(self) -> None:
        daemon = self._services.services["daemon"]
        self._alarm(
            "daemon-memory",
            daemon.metric_memory_utilization(period=FIVE_MINUTES, statistic="Maximum"),
            DAEMON_MEMORY_PERCENT,
            "The Dagster daemon's memory grows until it is killed; restart the service",
            periods=3,
            missing=cloudwatch.TreatMissingData.BREACHING,  # no daemon, no figures
        )

    def _heartbeat(self) -> None:
        """The hour's report publishes its figures every hour, or something is broken that nobody else can tell."""
        self._alarm(
            "heartbeat",
            self._metric("weather_monitor_invocations", "Sum", HOUR),
            1,
            "No hour was run; the platform itself may be down",
            periods=MISSED_HOURS,
            missing=cloudwatch.TreatMissingData.BREACHING,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        )

    def _dashboard(self, part: str) -> None:
        board = cloudwatch.Dashboard(
            self, f"{_pascal(part)}Dashboard", dashboard_name=f"{part}-{self._deployment.environment}"
        )
        graphs: list[cloudwatch.IWidget] = []
        for key, metric in METRICS.items():
            if metric.part != part:
                continue
            lines = [] if metric.target is None else [
                cloudwatch.HorizontalAnnotation(value=metric.target, label="target")
            ]  # fmt: skip
            shown = self._metric(key, "Average" if metric.kind == "level" else "Maximum", HOUR)
            graphs.append(
                cloudwatch.GraphWidget(title=metric.title, left=[shown], left_annotations=lines, width=8, height=5)
            )
        if part == "weather-monitor":
            graphs.extend(self._of_machines())
        for row in _in_rows(graphs):
            board.add_widgets(*row)

    def _of_machines(self) -> list[cloudwatch.IWidget]:
        services, database = self._services.services, self._data.database.instance
        return [
            cloudwatch.GraphWidget(
                title="Memory of services",
                left=[
                    service.metric_memory_utilization(label=name, period=FIVE_MINUTES)
                    for name, service in services.items()
                ],
                width=8,
                height=5,
            ),
            cloudwatch.GraphWidget(
                title="Database",
                left=[database.metric_cpu_utilization(period=FIVE_MINUTES)],
                right=[database.metric_database_connections(period=FIVE_MINUTES)],
                width=8,
                height=5,
            ),
        ]

    def _budget(self) -> None:
        address = self._deployment.operators_address
        subscriber = budgets.CfnBudget.SubscriberProperty(subscription_type="EMAIL", address=address)
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"flightsched-{self._deployment.environment}",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=self._deployment.sizes.budget_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:flightsched${self._deployment.environment}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN", notification_type=kind, threshold=percent
                    ),
                    subscribers=[subscriber],
                )
                for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
            ],
        )


def _in_rows(widgets: Sequence[cloudwatch.IWidget], width: int = 3) -> list[Sequence[cloudwatch.IWidget]]:
    return [widgets[start : start + width] for start in range(0, len(widgets), width)]


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))
