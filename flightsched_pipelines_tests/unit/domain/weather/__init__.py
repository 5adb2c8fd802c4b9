"""Tests of decoding, blending and checking reports."""
