"""The standby lists, and the offers of freed slots to the lessons that wait.

A list is read and changed by itself (`places`); only an offer validates a slot (`offers`). The queries are in
`database.queries.standby`.
"""
