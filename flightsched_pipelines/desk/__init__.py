"""Use cases: what the platform does, each the same whichever door asked for it.

Belongs here: joining stored rows and pure judgement into one hour's work.
Does not: Dagster, terminals, or judgement of its own.
"""
