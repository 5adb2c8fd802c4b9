"""The live stream: events are read here in their order, and tokens say who may listen."""
