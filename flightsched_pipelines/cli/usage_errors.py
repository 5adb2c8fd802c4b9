"""One sentence for a command that was typed wrong: what, where, and what to give."""

import typer
from pydantic import ValidationError


def sentence_of(error: typer.TyperException) -> str:
    """Return the sentence; empty where a command without arguments has printed its help instead."""
    words = (_of_value(error) or error.format_message()).removesuffix(".")
    context = getattr(error, "ctx", None)
    if not words or context is None:
        return words
    return f"{words[0].lower()}{words[1:]} (see `{context.command_path} --help`)"


def _of_value(error: typer.TyperException) -> str:
    """The sentence about the value of an option or argument; empty for any other error."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return ""
    name = error.format_message().removeprefix("Invalid value for ").partition(":")[0].replace("'", "")
    fault = cause.errors()[0]
    return f"{name} is {fault['input']!r}; give {_expected(fault['msg'])}"


def _expected(words: str) -> str:
    """Return what a value should be, from the words of pydantic or Typer."""
    words = words.rpartition(" is not one of ")[2].removeprefix("Input should be ").partition(", unable")[0]
    if words.startswith(("greater", "less")):
        return f"a number {words}"
    return words.replace("a valid integer", "a whole number").replace("a valid ", "a ")
