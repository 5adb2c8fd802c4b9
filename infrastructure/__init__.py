"""The platform on Amazon, as stacks of AWS CDK: synthesised and tested as templates, not deployed from here.

What Amazon is to create belongs here, and nothing that runs: the application is the image of the Dockerfile. The names
of topics, queues, metrics and settings come from `flightsched_pipelines`, so that the two cannot differ.
"""
