"""Changes of the platform that a school's scheduler is still to enter: a small state machine.

Reading and writing changes belongs in ``database.queries.schedule``, reading a file of the school's in
``domain.imports``.
"""
