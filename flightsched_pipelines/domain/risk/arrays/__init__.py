"""Bookings, forecasts, daylight and thresholds as NumPy arrays, so that a million bookings take a second.

Encodings only; the rules that use them are in ``domain.risk``.
"""
