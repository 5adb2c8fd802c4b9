"""Commands of an installation: the dev servers, the database, a school's files, Amazon."""
