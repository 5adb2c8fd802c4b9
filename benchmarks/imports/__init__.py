"""The benchmark of an import of a whole schedule, beside COPY of the same rows."""
