"""Hazard areas: SIGMETs, G-AIRMETs, center weather advisories and convective forecasts, read into one frame.

Which lesson an area concerns, and what follows from it, belongs in ``domain.risk``.
"""
