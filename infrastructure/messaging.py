"""Topics, queues and mail, under the names that the application has for them."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from flightsched_pipelines.clients.delivery import aws
from infrastructure.deployment import Deployment


class Messaging(Construct):
    """Amazon's topics, queues and buckets, which `flightsched aws bootstrap` makes elsewhere, and its mail."""

    def __init__(self, scope: Construct, deployment: Deployment, key: kms.IKey) -> None:
        super().__init__(scope, "Messaging")
        environment = deployment.environment
        self._key = key
        self.notifications = self._topic("Notifications", aws.notifications_topic(environment))
        self.operations = self._topic("Operations", aws.operations_topic(environment))
        self.bounces = self._topic("Bounces", f"flightsched-bounces-{environment}")
        self.complaints = self._topic("Complaints", f"flightsched-complaints-{environment}")
        self.alerts_dead_letters = self._queue("AlertsDead", aws.alerts_dead_letters(environment))
        self.responses_dead_letters = self._queue("ResponsesDead", aws.responses_dead_letters(environment))
        self.alerts = self._queue("Alerts", aws.alerts_queue(environment), self.alerts_dead_letters)
        self.responses = self._queue("Responses", aws.responses_queue(environment), self.responses_dead_letters)
        self.published = (self.notifications, self.operations)
        self.used = (self.alerts, self.responses, self.alerts_dead_letters, self.responses_dead_letters)
        for topic in (self.operations, self.bounces, self.complaints):
            topic.add_subscription(subscriptions.EmailSubscription(deployment.operators_address))
        self._let_alarms_publish()
        self._mail(deployment)

    def _topic(self, name: str, topic_name: str) -> sns.Topic:
        return sns.Topic(self, name, topic_name=topic_name, master_key=self._key, enforce_ssl=True)

    def _queue(self, name: str, queue_name: str, dead_letters: sqs.Queue | None = None) -> sqs.Queue:
        """A queue, as `aws bootstrap` makes it: after three receives without a delete a message is a dead letter."""
        dead = (
            None
            if dead_letters is None
            else sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=aws.MAX_RECEIVES)
        )
        return sqs.Queue(
            self,
            name,
            queue_name=queue_name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self._key,
            enforce_ssl=True,
            dead_letter_queue=dead,
            retention_period=Duration.seconds(aws.DEAD_LETTERS_KEPT_SECONDS) if dead is None else Duration.days(4),
        )

    def _let_alarms_publish(self) -> None:
        """Let the account's alarms reach the operators: a topic with a policy has lost the default one, which did."""
        self.operations.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.operations.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )

    def _mail(self, deployment: Deployment) -> None:
        """The identity and configuration set of SES; every mail of the identity is sent with the set."""
        mail_set = f"flightsched-{deployment.environment}"
        mail = ses.ConfigurationSet(
            self,
            "MailSet",
            configuration_set_name=mail_set,
            tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE,
            reputation_metrics=True,
            suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
        )
        for name, topic, events in (
            ("Bounces", self.bounces, [ses.EmailSendingEvent.BOUNCE, ses.EmailSendingEvent.REJECT]),
            ("Complaints", self.complaints, [ses.EmailSendingEvent.COMPLAINT]),
        ):
            mail.add_event_destination(f"To{name}", destination=ses.EventDestination.sns_topic(topic), events=events)
        self.identity = ses.EmailIdentity(
            self,
            "Identity",
            identity=ses.Identity.domain(deployment.mail_domain),
            configuration_set=mail,
            mail_from_domain=f"bounce.{deployment.mail_domain}",
        )
        mail_set_arn = Stack.of(self).format_arn(service="ses", resource="configuration-set", resource_name=mail_set)
        self.senders = (self.identity.email_identity_arn, mail_set_arn)
        """The ARNs without which nothing is sent: SES asks for the right to the identity and to its set."""
