"""Tests of candidates, of the joint choice, and of validation."""
