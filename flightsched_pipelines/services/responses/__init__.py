"""Responses to cases: holds, moves, swaps and deadlines, each revalidated and applied in one transaction."""
