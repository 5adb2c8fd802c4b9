"""Weather of 500 airports for 72 hours: bulletins fetched as they arrive, every source read and blended."""
