"""The search: every slot that people, aircraft, daylight and forecast allow a threatened lesson, with what it costs.

Which of them are offered is chosen in ``solver``, and each of those is validated in ``validation``, by other code.
"""
