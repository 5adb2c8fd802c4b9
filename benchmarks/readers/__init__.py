"""How words of public reports are read, here and by other readers.

``reports.tsv`` holds METARs and TAFs, each with where it was found: an hour of METARs that MetPy keeps for its tests,
the providers' own answers, and the test data of public parsers, many of them wrong on purpose. Reports are facts;
nothing else was taken.
"""
