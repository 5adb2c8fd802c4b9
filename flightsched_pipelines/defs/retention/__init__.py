"""The daily job that archives and deletes, and the deletion of Dagster's own records."""
