"""A school's own files, read: the columns of each kind, their cells' meaning, and every fault with its place.

Each kind of file is declared once (`kinds`); templates, documentation and validation come from that. Reading knows no
database: what a row refers to is looked up in what the caller knows (`references`). Files and SQL do not belong here.
"""
