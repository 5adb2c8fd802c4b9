"""What an import of a whole schedule takes, beside COPY of the same rows."""
