"""The standby list, and the slots that are offered to lessons on it."""
