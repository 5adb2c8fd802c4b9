"""The outside world over HTTP, one module a service.

Belongs here: asking a provider politely and keeping its answer verbatim, whatever it was.
Does not: reading what an answer means (``weather``) or storing it (``database``).
"""
