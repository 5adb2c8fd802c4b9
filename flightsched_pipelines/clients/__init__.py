"""The outside world over the network, one module a service; each fault becomes a typed error or a stored failure."""
