"""Channels that deliver messages: mail, SNS, SQS, SES, Redis and Slack, with their common errors.

Routing of messages belongs in ``services.notifications``.
"""
