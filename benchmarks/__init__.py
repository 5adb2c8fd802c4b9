"""What the figures in docs/benchmarks.md were measured with; `make bench` runs it all."""
