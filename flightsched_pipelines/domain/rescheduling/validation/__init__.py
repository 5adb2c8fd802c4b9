"""Validation of proposals by stored rows, with code that shares nothing with the code that makes them.

Imports nothing of the candidate search, the solver or the ranking; an import contract enforces this.
"""
