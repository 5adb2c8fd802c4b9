"""Queries of the dispatch board: links and sessions, and whose school a case or a booking is of."""
