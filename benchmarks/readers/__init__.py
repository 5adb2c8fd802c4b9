"""Compare how this and other readers decode words of public reports.

``reports.tsv`` contains METARs and TAFs, each with its origin: an hour of METARs from MetPy's tests, the providers' own
responses, and the test data of public parsers, many of them wrong on purpose. Reports are facts; nothing else was
taken.
"""
