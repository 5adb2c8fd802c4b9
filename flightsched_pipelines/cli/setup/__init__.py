"""Commands of an installation: the dev servers, the database, calendars, Amazon; a school's are in ``cli.school``."""
