"""What an hour's run costs beside a graph that does nothing."""
