"""Alternatives for threatened lessons: feasible slots, a joint choice, ranking, and independent validation.

What people answer to an alternative belongs in ``domain.cases``.
"""
