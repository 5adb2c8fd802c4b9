"""Alternatives for threatened lessons: feasible slots, a joint choice, ranking, and independent validation.

Responses to an alternative belong in ``domain.cases``.
"""
