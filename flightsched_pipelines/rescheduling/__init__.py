"""Where a threatened booking can go instead: slots that work, a joint choice, and its independent proof.

Belongs here: candidate slots, the choice among them, their validation.
Does not: deciding that a booking is threatened (``risk``), storing or telling anything.
"""
