"""The words of a report: their meaning, those known to be harmless, and the shapes of words with a slip."""
