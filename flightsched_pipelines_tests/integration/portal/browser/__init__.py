"""The portal in a real browser, Debian's Chromium; a machine without it skips these tests."""
