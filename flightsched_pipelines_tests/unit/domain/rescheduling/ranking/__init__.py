"""What the LLM is asked, and what of its answer counts."""
