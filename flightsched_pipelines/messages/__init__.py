"""What people are told, as pure functions of facts: mail, calendar entries, short texts, Slack blocks.

Here belongs every word that leaves the house, and the templates it is put in. Here does not belong who is told what
and when (``desk.dispatch``), nor how it gets there (``clients``, ``desk.deliver``).
"""
