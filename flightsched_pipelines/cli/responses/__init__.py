"""Commands of cases: list them, respond, give orders as a dispatcher, and the standby list."""
