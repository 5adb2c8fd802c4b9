"""Where a lesson could go, which of its alternatives are held out, and the proof of them."""
