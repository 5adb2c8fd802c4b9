"""The feed of a school's scheduler: a folder, or a prefix of a bucket. Reading rows does not belong here.

A feed has the scheduler's files at its top. ``rejected/`` receives what cannot be imported, each file with a report,
and ``changes/`` what the scheduler is to enter. Nothing is deleted.
"""
