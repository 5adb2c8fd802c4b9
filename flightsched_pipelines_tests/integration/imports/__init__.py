"""A school's own files into a real database."""
