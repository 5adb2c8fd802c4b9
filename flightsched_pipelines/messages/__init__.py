"""Notifications as pure functions of facts: mail, calendar entries, text messages, Slack blocks.

``services.notifications`` decides about recipient, channel and time; sending belongs in ``clients.delivery``.
"""
