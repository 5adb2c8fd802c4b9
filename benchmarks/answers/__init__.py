"""Measure how fast, and how reliably, responses move bookings."""
