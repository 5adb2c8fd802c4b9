"""The operators' hourly report: facts in, one page and its pictures out.

Belongs here: which sections there are, how a picture is drawn, the words beside it. Does not: where facts come from.
"""
