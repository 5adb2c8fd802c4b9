"""The templates that infrastructure/ synthesises: nothing is deployed."""
