"""A year of hours in the database: the documented questions, and an hour's run, against day one."""
