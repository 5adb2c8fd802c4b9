"""Tests, arranged like the package: ``unit`` needs no server, ``integration`` starts real ones."""
