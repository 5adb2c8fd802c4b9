"""How fast, and how surely, answers move bookings."""
