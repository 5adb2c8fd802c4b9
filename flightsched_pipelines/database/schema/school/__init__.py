"""A school's own data: who and what there is, the bookings, and what they must satisfy."""
