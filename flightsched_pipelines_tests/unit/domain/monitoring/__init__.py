"""Judgement about the platform itself."""
