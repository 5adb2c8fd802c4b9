"""Stand-ins for the servers of others, for tests that need one to misbehave."""
