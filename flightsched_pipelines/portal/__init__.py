"""The portal: the pages on which people answer, and the status of the platform.

Belongs here: routes, forms, templates, and the protection of both. Does not belong here: SQL, and judgement on cases
or weather; a page shows what a service returns, and a form calls a service. GET and HEAD change nothing.
"""
