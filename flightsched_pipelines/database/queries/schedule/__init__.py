"""Bookings, holds, availability and preferences, read for an hour; and the moving of bookings."""
