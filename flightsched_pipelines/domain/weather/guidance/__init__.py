"""The National Blend of Models: its text bulletins NBH and NBS read into forecast groups, and which of them govern.

Fetching bulletins belongs in ``clients.weather``; the order of sources in ``weather.source_selection``.
"""
