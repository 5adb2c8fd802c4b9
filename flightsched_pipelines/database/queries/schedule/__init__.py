"""Bookings, holds, availability and preferences, read for an hour; and bookings moved."""
