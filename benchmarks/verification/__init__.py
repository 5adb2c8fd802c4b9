"""Verification of an hour, beside a plain loop."""
