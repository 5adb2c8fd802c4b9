"""The case of a threatened lesson: its state machine, what a response does to it, and the standby list.

Reading and writing cases belongs in ``database.queries.cases``, applying a response in ``services.responses``.
"""
