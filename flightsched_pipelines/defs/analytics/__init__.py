"""The asset of the operations report."""
