"""A flight school's bookings, held against the weather every hour.

The house has floors, and an import may only point down: ``weather`` < ``risk`` < ``rescheduling`` <
``clients``, ``database`` < ``pipeline`` < ``definitions``, ``cli``. Floors up to ``rescheduling`` are pure:
no network, no database, no clock, no environment.
"""
