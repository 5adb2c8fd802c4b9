"""Read and delete what is no longer kept; which that is, services decide."""
