"""Deployment: the files of the containers, and the processes that they start."""
