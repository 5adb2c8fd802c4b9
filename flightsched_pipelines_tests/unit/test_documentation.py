"""Every relative link of the documentation resolves, file and anchor; every page is reached from the index."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
OF_OURS = re.compile(
    r"\b(?:flightsched_pipelines|flightsched_pipelines_tests|benchmarks|evaluation|examples|docs)/[\w/.-]*\w"
)
ROOM = re.compile(r"`((?:cli|portal|defs|services|clients|database|messages|reporting|domain)/[\w/.]+)`")
"""A path within the package, as the text names it."""
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """Return the targets of a page's relative links."""
    return [target for target in LINK.findall(prose(page)) if "://" not in target and not target.startswith("mailto:")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_and_anchor_resolves(page: Path) -> None:
    for target in links(page):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(file), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_of_the_repository_exists(page: Path) -> None:
    named = set(OF_OURS.findall(page.read_text(encoding="utf-8")))
    assert {path for path in named if not (ROOT / path).exists()} == set()
    rooms = set(ROOM.findall(page.read_text(encoding="utf-8")))
    package = ROOT / "flightsched_pipelines"
    assert {room for room in rooms if not any((package / f"{room}{end}").exists() for end in ("", ".py"))} == set()


def test_the_index_leads_to_every_page() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        waiting += [(page.parent / target.partition("#")[0]).resolve() for target in links(page) if target[0] != "#"]
    assert set(PAGES) - reached <= {ROOT / "SECURITY.md"}


def test_links_are_found() -> None:
    assert sum(len(links(page)) for page in PAGES) > 100
