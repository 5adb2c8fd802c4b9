"""Use cases of the dispatch board: sign-in, a school's days and cases, and the orders of its dispatchers.

Each takes a signed-in `Dispatcher`, and neither shows nor changes anything of another school.
"""
