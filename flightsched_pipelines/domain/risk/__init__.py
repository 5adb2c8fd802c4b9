"""Bookings compared with the forecast: minimums, verdicts, breaches and their explanation.

Where a threatened lesson can go instead belongs in ``domain.rescheduling``.
"""
