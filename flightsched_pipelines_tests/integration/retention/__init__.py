"""Tests of archive, retention and erasure."""
