"""Compare forecasts and verdicts with the weather that was observed, and score them.

Pairing, counts and scores belong here; decisions about lessons do not: nothing here changes a verdict.
"""
