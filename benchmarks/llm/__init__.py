"""How long the LLM's ranking of an hour takes."""
