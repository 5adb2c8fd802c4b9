"""Pictures and tables of how forecasts have done: performance and reliability diagrams, and what may be learnt.

Drawing belongs here; scores are computed in the domain.
"""
