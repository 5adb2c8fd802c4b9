"""Cases, their transitions, history and statistics, and the responses to them."""
