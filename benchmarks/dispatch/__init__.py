"""What it takes to open thousands of cases at once, and to queue what people are told."""
