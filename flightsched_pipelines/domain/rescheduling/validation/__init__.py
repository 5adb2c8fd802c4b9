"""Validation of proposals against stored rows, by code that shares nothing with what makes them.

Imports nothing of the candidate search, the solver or the ranking; the import contracts hold it to that.
"""
