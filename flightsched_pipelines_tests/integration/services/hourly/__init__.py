"""The hour's steps on a real database."""
