"""Tests of reading hazard areas."""
