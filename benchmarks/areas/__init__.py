"""Lessons against hazard areas: this code beside a plain loop over every lesson and area."""
