"""Check a flight school's bookings against the weather every hour and propose new times.

An import only points down: ``domain`` < ``messages`` < ``reporting`` < ``clients``, ``database`` < ``services`` <
``defs`` < ``definitions`` < ``cli``. The first three are pure: no network, no database, no clock, no environment.
"""
