"""What the LLM is asked about a lesson's alternatives, and what of its answer may count.

Here: the question without any name, the prompt and its version, the schema of the answer, and the checks on it. Not
here: sending it. The LLM orders and explains alternatives that were proven possible; it cannot add one.
"""
