"""What the sky will be: reports read into typed conditions, and which report speaks for which hour.

Belongs here: reading METAR, TAF and OpenWeatherMap answers, the blend, runway wind components, the sun.
Does not: fetching (``clients``), what a school tolerates (``risk``), any clock or environment.
"""
