"""The archive of hours and the erasure of a person, at the terminal."""
