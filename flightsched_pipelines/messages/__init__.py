"""What people are told, as pure functions of facts: mail, calendar entries, short texts, Slack blocks.

Who is told, on which channel and when is decided in ``services.notifications``; sending belongs in
``clients.delivery``.
"""
