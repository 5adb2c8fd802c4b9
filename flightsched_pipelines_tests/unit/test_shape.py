"""Modules and assets are small enough to be held in one's head."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES, MOST_LINES_OF_AN_ASSET = 350, 15
ASSET_DECORATORS = {"asset", "hourly_asset", "hourly_assets", "multi_asset"}


def modules() -> Iterator[Path]:
    """Every module but migrations, which are history."""
    for package in (
        "flightsched_pipelines",
        "flightsched_pipelines_tests",
        "benchmarks",
        "evaluation",
        "infrastructure",
    ):
        yield from (path for path in (ROOT / package).rglob("*.py") if path.parent.name != "versions")


def test_no_module_is_longer_than_350_lines() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert len(lengths) > 500
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def assets() -> Iterator[tuple[str, int]]:
    """Each asset's function with the lines of its body, its docstring and blank lines left out."""
    for path in (ROOT / "flightsched_pipelines" / "defs").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and ASSET_DECORATORS & set(map(_name, node.decorator_list)):
                first, last = node.body[1].lineno, node.end_lineno
                yield node.name, sum(bool(line.strip()) for line in text.splitlines()[first - 1 : last])


def _name(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)


@pytest.mark.parametrize(("name", "lines"), list(assets()))
def test_an_assets_body_loads_calls_and_returns(name: str, lines: int) -> None:
    assert lines <= MOST_LINES_OF_AN_ASSET, name
