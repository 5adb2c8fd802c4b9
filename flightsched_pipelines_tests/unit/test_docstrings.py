"""Laws of docstrings: plain openings, and one for each public name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "flightsched_pipelines"
FOLDERS = ("flightsched_pipelines", "flightsched_pipelines_tests", "benchmarks", "evaluation", "infrastructure")
MODULES = sorted(
    file
    for folder in FOLDERS
    for file in (ROOT / folder).rglob("*.py")
    if "versions" not in file.parts  # migrations stay as they were released
)
QUESTION_WORDS = {"how", "what", "when", "where", "whether", "which", "who", "whom", "whose", "why"}
FRONTED = ("by what", "for each", "for every", "of each", "of every")

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def test_docstrings_state_what_a_thing_is_or_does() -> None:
    found = [(file, *one) for file in MODULES for one in _docstrings(ast.parse(file.read_text()))]
    wrong = [
        f"{file.relative_to(ROOT)}:{line}: {docstring.splitlines()[0]}"
        for file, line, docstring in found
        if _opens_with_a_question(docstring)
    ]
    assert len(found) > len(MODULES)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("docstring", "is_question"),
    [
        ("Whether a lesson moved.", True),
        ("``Who`` confirms.", True),
        ("Of each hour, the verdicts.", True),
        ("Return whether a lesson moved.", False),
        ("However late.", False),
    ],
)
def test_questions_are_recognised(docstring: str, *, is_question: bool) -> None:
    assert _opens_with_a_question(docstring) == is_question


def test_public_functions_and_classes_have_docstrings() -> None:
    found = [
        (file, *one) for file in MODULES if PACKAGE in file.parents for one in _public(ast.parse(file.read_text()))
    ]
    bare = [f"{file.relative_to(ROOT)}: {name}" for file, name, node in found if ast.get_docstring(node) is None]
    assert len(found) > 1_000
    assert not bare, "\n".join(bare)


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the docstrings of a module, its classes, functions and constants, each with its line."""
    for node in ast.walk(tree):
        for statement in getattr(node, "body", []) if isinstance(node, Documented) else []:
            match statement:
                case ast.Expr(value=ast.Constant(value=str() as text), lineno=line) if text.strip():
                    yield line, text.strip()
                case _:
                    pass


def _opens_with_a_question(docstring: str) -> bool:
    words = docstring.lower().replace("`", "")
    return words.split()[0].strip(".,:;") in QUESTION_WORDS or words.startswith(FRONTED)


def _public(tree: ast.Module) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the public classes and functions of a module, and their public methods."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node.name, node
            for inner in node.body if isinstance(node, ast.ClassDef) else []:
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner
