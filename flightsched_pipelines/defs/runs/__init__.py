"""Runs, whatever their job: how they are launched, bounded, tried again, refused and logged.

Which jobs there are, and what they do, is in the packages beside this one.
"""
