"""Reports read, blended and believed."""
