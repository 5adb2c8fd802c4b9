"""Read what pages and lists show of cases and lessons: to one person, to a dispatcher, or at the terminal.

Nothing here writes: responses are in ``services.responses``.
"""
