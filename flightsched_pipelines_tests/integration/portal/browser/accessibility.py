"""Check that everybody can use a page: axe-core's rules, both themes, and no scrolling sideways on a phone."""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}, "rules": {"target-size": {"enabled": True}}}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
OPEN_ALL = "() => document.querySelectorAll('details').forEach(each => each.open = true)"
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def faults(page: Page) -> list[str]:
    """Return what stands in somebody's way on a page, everything unfolded; its colours are looked at in both themes."""
    page.evaluate(OPEN_ALL)
    page.evaluate(_axe())
    found = [f"{page.evaluate(TOO_WIDE)} px too wide"] if page.evaluate(TOO_WIDE) > 0 else []
    for theme, options in (("light", EVERYTHING), ("dark", COLOURS)):
        page.emulate_media(color_scheme="light" if theme == "light" else "dark")
        result: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
        assert result["passes"], "axe has looked at something"
        found += [f"{theme}: {_words(one)}" for one in result["violations"]]
    return found


def _words(violation: dict[str, Any]) -> str:
    nodes = [f"{node['target']} {node['html'][:120]} {node['failureSummary'][:300]}" for node in violation["nodes"][:3]]
    return f"{violation['id']}: {violation['help']}; {len(violation['nodes'])} times: {nodes}"
