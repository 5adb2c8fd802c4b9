"""The LLM's ranking of a lesson's alternatives: the request, and the checks on its response.

Here: the request without any name, the prompt and its version, the schema of the response, the reason codes, and the
checks. Not here: sending it. The LLM orders alternatives that are validated, and picks the reasons for each; it cannot
add an alternative, and writes no text.
"""
