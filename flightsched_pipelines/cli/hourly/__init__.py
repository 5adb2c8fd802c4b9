"""Commands of an hour: run it, report on it, and read or assess stored weather."""
