"""Freed slots and the lessons that wait for one."""
