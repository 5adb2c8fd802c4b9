"""A simulated atmosphere in the providers' own formats, so that everything works without a network."""
