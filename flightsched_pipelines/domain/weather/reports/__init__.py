"""METARs and TAFs: their words, their decoded fields, and the elements that both give of a report.

Which report governs an hour is decided in ``domain.weather.blend``.
"""
