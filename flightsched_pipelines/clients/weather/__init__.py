"""Weather providers: live, simulated and recorded, each giving provider responses verbatim.

Reading what a response contains belongs in ``domain.weather``.
"""
