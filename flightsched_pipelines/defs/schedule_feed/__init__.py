"""The feed of a school's scheduler: a sensor that sees new files and changes, and the job that takes them."""
