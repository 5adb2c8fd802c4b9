"""Channels that take messages: mail, SNS, SQS, SES, Redis and Slack, with the errors that they share.

Which message goes where belongs in ``services.notifications``.
"""
