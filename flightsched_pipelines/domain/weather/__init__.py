"""Provider responses read into typed conditions, and the blend that decides which source governs an hour.

Reports are read in ``reports``; guidance, daylight and wind have modules of their own. Minimums and bookings belong in
``domain.risk``.
"""
