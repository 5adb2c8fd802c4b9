"""The archive of hours: files in a folder, or under a prefix of a bucket. Their content does not belong here.

A file is written whole or not at all, and never replaced.
"""
