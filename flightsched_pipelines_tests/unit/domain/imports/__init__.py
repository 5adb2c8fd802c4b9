"""Files of the school's, read without a database."""
