"""Which bookings the weather threatens: minimums, verdicts and the words for them.

Belongs here: minimums as data, the assessment of bookings against conditions, explanations.
Does not: reading reports (``weather``), finding other times (``rescheduling``), any database or clock.
"""
