"""Jobs that apply responses, from the launchpad and from the queue."""
