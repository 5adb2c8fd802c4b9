"""Measure how fast the outbox is drained, next to the loop that one would write first."""
