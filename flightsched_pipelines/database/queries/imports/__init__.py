"""Files of the school's against what is stored: rows side by side, what differs, and what is done about it."""
