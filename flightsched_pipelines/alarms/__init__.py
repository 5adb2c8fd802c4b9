"""Judgement about the platform itself: which alarms there are, when one fails, and what ops are told of it.

Belongs here: the catalogue of alarms, the verdict on a measured value, which failing checks make one alert, and when
an alert speaks. Does not: measuring (``database``, ``pipeline``), storing and sending (``desk``), words of a channel
(``messages``).
"""
