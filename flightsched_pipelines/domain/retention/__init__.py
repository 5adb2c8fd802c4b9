"""The windows for which records are kept, and the hours that are due. Deleting does not belong here."""
