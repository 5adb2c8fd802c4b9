"""Weather providers: live, simulated and recorded, each returning provider responses verbatim.

Reading a response's content belongs in ``domain.weather``.
"""
