"""The weather clients against real HTTP servers, well-behaved and not."""
