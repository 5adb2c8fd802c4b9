"""Secrets of the application in Secrets Manager; tasks get their names, and read them when they need them.

The database's and the cache's are made beside them. What a provider issues begins as `unset`, which the application
takes for no secret at all: the feature is off until an operator enters the key.
"""

from collections.abc import Mapping
from types import MappingProxyType

from aws_cdk import SecretValue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from flightsched_pipelines.setting_sources import UNSET
from infrastructure.deployment import Deployment
from infrastructure.retention import removal

ISSUED: Mapping[str, str] = MappingProxyType(
    {
        "OPENAI_API_KEY": "key for OpenAI",
        "OPENWEATHERMAP_API_KEY": "key for OpenWeatherMap",
        "SLACK_WEBHOOK_URL": "webhook of the operators' channel",
        "HEARTBEAT_URL": "address of the dead-man's switch",
        "METRICS_TOKEN": "bearer token of who reads the portal's /metrics",
        "SIGN_IN_CLIENT_SECRET": "the load balancer's at the OIDC issuer",
    }
)
"""Secrets that somebody else issues, and what each is."""

SIGNING_KEY = "SECRET_KEY"


class Secrets(Construct):
    """One secret a setting, so that a role can be allowed those that its service needs."""

    def __init__(self, scope: Construct, deployment: Deployment, key: kms.IKey) -> None:
        super().__init__(scope, "Secrets")
        self._key, self._deployment = key, deployment
        unset = SecretValue.unsafe_plain_text(UNSET)
        issued = {name: self._secret(name, meaning, secret_string_value=unset) for name, meaning in ISSUED.items()}
        self.sign_in = issued.pop("SIGN_IN_CLIENT_SECRET")
        random = secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True)
        signing = self._secret(SIGNING_KEY, "signs the links in messages", generate_secret_string=random)
        self.of_settings = {SIGNING_KEY: signing, **issued}

    def _secret(
        self,
        name: str,
        meaning: str,
        secret_string_value: SecretValue | None = None,
        generate_secret_string: secretsmanager.SecretStringGenerator | None = None,
    ) -> secretsmanager.Secret:
        return secretsmanager.Secret(
            self,
            "".join(word.capitalize() for word in name.split("_")),
            secret_name=f"flightsched/{self._deployment.environment}/{name.lower().replace('_', '-')}",
            description=meaning,
            encryption_key=self._key,
            secret_string_value=secret_string_value,
            generate_secret_string=generate_secret_string,
            removal_policy=removal(self._deployment.sizes),
        )
