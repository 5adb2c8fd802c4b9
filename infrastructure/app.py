"""Synthesise the stacks of a deployment: ``cdk synth --context environment=development ...`` in infrastructure/."""

import sys

from aws_cdk import App, Tags, Validations
from cdk_nag import AwsSolutionsChecks

from infrastructure.accepted import accept_of_data, accept_of_services
from infrastructure.context_error import ContextError
from infrastructure.data_stack import DataStack
from infrastructure.deployment import Deployment, deployment
from infrastructure.services_stack import ServicesStack


def build(app: App) -> Deployment:
    """Add to an app the stacks that its context describes, with Amazon's recommended rules held against them."""
    described = deployment(app.node.try_get_context)
    data = DataStack(app, described)
    accept_of_data(data, described)
    if described.image_digest is not None:
        accept_of_services(ServicesStack(app, described, data), described)
    Tags.of(app).add("flightsched", described.environment)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return described


def main() -> None:
    """Synthesise; a fault in the context is one sentence."""
    app = App()
    try:
        build(app)
    except ContextError as error:
        sys.exit(f"error: {error}")
    app.synth()


if __name__ == "__main__":
    main()
