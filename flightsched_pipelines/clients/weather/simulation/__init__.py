"""A simulated atmosphere, put into the providers' own formats, so that everything works without a network."""
