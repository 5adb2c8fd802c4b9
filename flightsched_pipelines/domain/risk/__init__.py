"""Bookings compared with the forecast: minimums, verdicts, breaches and their explanation.

Finding other times for a threatened lesson belongs in ``domain.rescheduling``.
"""
