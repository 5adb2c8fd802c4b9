"""The standby list and the slots that are offered to who is on it."""
