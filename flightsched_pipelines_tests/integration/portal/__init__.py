"""The portal on a real database."""
