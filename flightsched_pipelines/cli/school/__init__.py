"""A school's own data at the terminal: making it, importing files, minimums, credentials, and what it has to enter."""
