"""What is held against real data, where they are at hand."""
