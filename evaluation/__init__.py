"""How well the alternatives are ranked, and reasons chosen: frozen cases, scorers by rule, and a table side by side.

``make eval`` holds the planner, the stand-in for OpenAI and, where ``OPENAI_API_KEY`` is set, the real model against
them. The scorers share no code with the checks that an answer must pass in production.
"""
