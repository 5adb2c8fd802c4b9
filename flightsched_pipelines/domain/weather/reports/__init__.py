"""METARs and TAFs: their words, their decoded fields, and the report elements common to both.

``domain.weather.source_selection`` decides which report governs an hour.
"""
