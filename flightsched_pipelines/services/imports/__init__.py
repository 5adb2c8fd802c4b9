"""A school's own data: its files read, checked against what is stored, and taken as a whole or not at all."""
