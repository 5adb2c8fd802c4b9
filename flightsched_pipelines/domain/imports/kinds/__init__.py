"""The kinds of files: the columns of each, and an example."""
