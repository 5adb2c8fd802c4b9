"""Evaluate the ranking of alternatives and the choice of reasons: frozen cases, scorers by rule, and a table.

``make eval`` runs the planner, the stand-in for OpenAI and, if ``OPENAI_API_KEY`` is set, the real model on them. The
scorers share no code with the checks that a response must pass in production.
"""
