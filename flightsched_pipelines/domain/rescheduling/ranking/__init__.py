"""What the LLM is asked about a lesson's alternatives, and what of its answer may count.

Here: the question without any name, the prompt and its version, the schema of the answer, the codes it may give, and
the checks on it. Not here: sending it. The LLM orders alternatives that were proven possible, and names what counts for
each; it cannot add one, and writes no text.
"""
