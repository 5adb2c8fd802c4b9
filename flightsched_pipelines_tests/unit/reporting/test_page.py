"""The operations report: one self-contained page, readable without colour, accurate about missing data."""

import re
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.reporting import charts, metrics, page
from flightsched_pipelines.reporting.models import AlertPeriod, RiskMap, VerdictCounts
from flightsched_pipelines.reporting.svg import DAY, NIGHT, hours_until, round_amounts
from flightsched_pipelines_tests.unit.reporting.builders import NOON, busy, empty

HOUR = timedelta(hours=1)
SVG = "{http://www.w3.org/2000/svg}"
WITHOUT_END = {"meta", "link", "img", "br", "hr", "input"}


class Read(HTMLParser):
    """The elements of a page with their attributes; fails on a tag that is closed out of order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.elements.append((tag, dict(attrs)))
        if tag not in WITHOUT_END:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Check that it is the one that was opened last."""
        assert self._open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of the elements of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def paths(picture: charts.Picture, colour: str) -> list[str]:
    return [path.attrib["d"] for path in picture.svg.iter("path") if colour in path.attrib["class"]]


@pytest.mark.parametrize("report", [busy(), empty()], ids=["busy", "empty"])
def test_the_page_needs_nothing_from_outside_and_runs_nothing(report: page.Report) -> None:
    text = page.html(report)
    read = Read(text)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in read.elements}
    addresses = [
        v for _, a in read.elements for name, v in a.items() if name in {"href", "src", "xlink:href", "action"}
    ]
    assert addresses
    assert all(address is not None and address.startswith("#") for address in addresses)
    assert "url(" not in text
    assert "@import" not in text
    policy = [meta["content"] for meta in read.named("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_the_page_follows_the_readers_device() -> None:
    text = page.html(busy())
    assert text.count("prefers-color-scheme:dark") == 2, "the page's own colours, and the pictures'"
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in Read(text).named("meta")


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colours", [DAY, NIGHT], ids=["day", "night"])
def test_colours_stand_out_from_their_ground(colours: dict[str, str]) -> None:
    ground = luminance(colours["ground"])
    contrasts = {
        name: (max(luminance(colour), ground) + 0.05) / (min(luminance(colour), ground) + 0.05)
        for name, colour in colours.items()
        if name not in {"ground", "rule", "none"}
    }
    assert min(contrasts.values()) >= 3, "graphics, WCAG 2.2, 1.4.11"
    assert min(contrasts["ink"], contrasts["quiet"]) >= 4.5, "text, 1.4.3"


def test_every_picture_says_what_it_shows_and_has_a_table_beside_it() -> None:
    read = Read(page.html(busy()))
    drawn = read.named("svg")
    assert len(drawn) == 9 + len(metrics.METRICS)
    assert all(svg["role"] == "img" for svg in drawn)
    assert len(read.named("title")) >= 1 + len(drawn)
    assert len(read.named("desc")) == len(drawn)
    assert len(read.named("figure")) == len(read.named("figcaption")) == len(read.named("details")) == 9
    assert all(heading["scope"] in {"col", "row"} for heading in read.named("th"))


def test_a_narrow_screen_shows_the_newest_hours_first() -> None:
    """A scrolled box opens at its right edge if it is written from right to left; its picture is not."""
    text = page.html(busy())
    assert ".latest{direction:rtl}" in text
    assert ".latest svg{direction:ltr}" in text
    newest = {section.anchor for section in page.sections(busy()) if section.picture and section.picture.ends_now}
    assert newest == {"verdicts", "latencies", "alerts"}
    for anchor in newest:
        drawn = text.partition(f'id="{anchor}"')[2].partition("</section>")[0]
        assert '<div class="wide picture latest"' in drawn


def test_the_amounts_of_a_plot_are_beside_its_newest_hour() -> None:
    picture = charts.verdicts_by_hour(busy().verdicts, hours_until(NOON, 48))
    newest = max(float(box.attrib["x"]) for box in picture.svg.iter("rect"))
    amounts = [float(words.attrib["x"]) for words in picture.svg.iter("text") if (words.text or "").isdigit()]
    assert amounts
    assert all(newest < x < charts.WIDTH_PX - 30 for x in amounts)


def words_of(text: str) -> str:
    """Return a page as it is read aloud: its text in order, without style and pictures."""
    shown = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", shown).split())


def test_the_page_reads_from_the_hour_to_its_figures_each_with_what_it_counts() -> None:
    report = replace(busy(), lessons=44, verdicts=[VerdictCounts(NOON, 4, 2, 5, 29)])
    told = words_of(page.html(report))
    parts = [
        "Operations, Tue 10 Nov 12:00 UTC",
        "production; weather: simulated; made Tue 10 Nov 12:20 UTC",
        "Open alerts 1 delivery Checks that fail now;",
        "Lessons below minimums 4 of 44 lessons ahead Their forecast is below the school's minimums.",
        "Lessons unknown 2 of 44 lessons ahead A forecast that should be there is missing, or cannot be read.",
        "Lessons beyond the forecast 29 of 44 lessons ahead Their forecast ends before them;",
        "LLM today $5.29 of $5.00 Cost of the LLM's calls since 00:00 UTC.",
        "4 below the minimums, 2 unknown, 5 to watch, 29 beyond the forecast's reach.",
        "Runs Hourly runs that reached the weather monitor",
    ]
    places = [told.index(part.replace("'", "&#39;") if part.replace("'", "&#39;") in told else part) for part in parts]
    assert places == sorted(places)


def test_every_metric_is_explained_in_words_that_need_no_pointer() -> None:
    told = words_of(page.html(busy())).replace("&#39;", "'")
    assert [one.key for one in metrics.METRICS.values() if f"{one.title} {one.meaning}" not in told] == []


def test_an_hour_that_has_not_run_shows_the_one_before_and_says_so() -> None:
    report = replace(busy(), lessons=44, verdicts=[VerdictCounts(NOON - HOUR, 4, 2, 5, 29)])
    told = words_of(page.html(report))
    assert "Lessons below minimums 4 of 44 lessons ahead, as assessed Tue 10 Nov 11:00 UTC" in told
    assert "Tue 10 Nov 12:00 UTC is not assessed yet: this is as assessed Tue 10 Nov 11:00 UTC." in told
    calm = replace(report, risk=RiskMap((), [NOON], {}), verdicts=[VerdictCounts(NOON - HOUR, 0, 0, 0)])
    assert "No lesson ahead is below the minimums, unknown or to watch. Tue 10 Nov 12:00 UTC is not assessed yet" in (
        words_of(page.html(calm))
    )
    assert "No lesson ahead" not in words_of(page.html(replace(calm, verdicts=[])))


def test_links_of_the_contents_lead_somewhere() -> None:
    read = Read(page.html(busy()))
    places = {attributes["id"] for _, attributes in read.elements if "id" in attributes}
    assert {link["href"] for link in read.named("a")} == {f"#{place}" for place in places}


def test_verdicts_differ_in_shape_not_only_in_colour() -> None:
    hours = [NOON + n * HOUR for n in range(4)]
    worst = dict(zip([("KPAO", hour) for hour in hours], ["at_risk", "unknown", "watch"], strict=False))
    picture = charts.risk_by_airport_and_hour(RiskMap(["KPAO"], hours, worst))
    shapes = {
        verdict: re.sub(r"M[\d.]+ [\d.]+", "M", paths(picture, f"f-{verdict}")[0])
        for verdict in ("at_risk", "unknown", "watch", "none")
    }
    assert len(set(shapes.values())) == 4
    assert picture.description.startswith("Below the school's minimums at KPAO, within the next 4 hours")


def test_a_missing_hour_is_a_gap_and_not_a_line_across_it() -> None:
    points = [(NOON + n * HOUR, 10.0) for n in (0, 1, 3, 4)]
    hours = hours_until(NOON + 4 * HOUR, 6)
    (line,) = paths(charts.lines("Time", "s", [("run", points)], None, hours), "s-one")
    assert line.count("M") == 2
    assert line.count("L") == 2


def test_what_was_not_measured_is_not_shown_as_nothing() -> None:
    shown = {tile.label: tile.value for tile in page.tiles(empty())}
    assert shown["Lessons below minimums"] == shown["Lessons unknown"] == shown["Dead letters"] == "?"
    assert {row.now for row in page.rows(empty(), "weather-monitor")} == {"not measured"}
    assert "No hour was run in the last two days." in page.html(empty())
    assert "<svg" not in page.html(empty()).partition('id="metrics"')[0]


def test_a_target_that_was_missed_is_said_in_words() -> None:
    report = busy()
    key = "weather_monitor_duration_seconds"
    late = replace(report, series={**report.series, key: [(report.hour_utc, 31.0)]})
    (row,) = [row for row in page.rows(late, "weather-monitor") if row.metric.key == key]
    assert (row.now, row.target, row.missed) == ("31 s", "at most 30 s", True)
    assert "31 s (missed)" in page.html(late)
    assert not any(row.missed for row in page.rows(busy(), "weather-monitor") if row.metric.key == key)


def test_counts_of_a_day_add_up_and_durations_are_averaged() -> None:
    report = busy()
    points = [(report.hour_utc - n * HOUR, 2.0) for n in reversed(range(30))]
    keys = ("weather_monitor_errors", "weather_monitor_duration_seconds", "weather_alerts_queue_depth")
    told = {row.metric.key: row.day for row in page.rows(replace(report, series=dict.fromkeys(keys, points)),
                                                         "weather-monitor")}  # fmt: skip
    assert [told[key] for key in keys] == ["48 in all", "2 s on average", "2 on average"]


def test_every_metric_of_the_old_dashboards_is_on_the_page_under_its_functions_name() -> None:
    text = page.html(busy())
    monitor, rescheduler = text.partition("ai-rescheduler-production")[::2]
    assert "weather-monitor-production" in monitor
    for title in ("Runs", "Errors", "Error rate", "Average duration", "Queue depth"):
        assert f">{title}<small>" in monitor
    for title in ("Runs", "Error rate", "Average duration", "Throttles", "Notifications published"):
        assert f">{title}<small>" in rescheduler


def test_the_words_of_an_alert_cannot_change_the_page() -> None:
    words = "<script>alert('x')</script> | <b>bold</b>"
    report = replace(busy(), alerts=[AlertPeriod("weather", "error", NOON - HOUR, None, words)])
    assert "<script" not in page.html(report)
    assert "&lt;script&gt;" in page.html(report)
    assert "\\|" in page.markdown(report).splitlines()[-1]


def test_the_markdown_has_the_same_pictures_as_images_that_stand_alone() -> None:
    images = re.findall(r"!\[(.+?)\]\(data:image/svg\+xml;base64,(.+?)\)", page.markdown(busy()))
    assert [name for name, _ in images] == [
        section.picture.title for section in page.sections(busy()) if section.picture
    ]
    for _, code in images:
        svg = ElementTree.fromstring(b64decode(code))  # noqa: S314, our own words
        assert svg.find(f"{SVG}style") is not None
        assert svg.find(f"{SVG}title") is not None


def test_a_long_table_is_cut_in_the_markdown_and_whole_on_the_page() -> None:
    assert "… and 28 more rows on the page." in page.markdown(busy())
    hours = page.html(busy()).partition('id="verdicts"')[2].partition("</section>")[0]
    assert hours.count('<th scope="row">') == 48


def test_an_alert_that_is_open_reaches_the_right_edge_and_one_from_before_starts_at_the_left() -> None:
    until = NOON + timedelta(minutes=20)
    alerts = [
        AlertPeriod("weather", "error", NOON - timedelta(days=9), NOON - timedelta(days=6), "old"),
        AlertPeriod("llm", "warn", NOON - HOUR, None, "new"),
    ]
    picture = charts.alert_history(alerts, until - timedelta(days=7), until)
    spans = {
        title.text.partition(",")[0]: (float(box.attrib["x"]), float(box.attrib["x"]) + float(box.attrib["width"]))
        for box in picture.svg.iter("rect")
        if (title := box.find("title")) is not None and title.text
    }
    assert spans["weather"][0] == charts.RIGHT_PX
    assert spans["llm"][1] == pytest.approx(charts.WIDTH_PX - charts.RIGHT_PX, abs=0.2)


@given(st.floats(0, 1e9, allow_nan=False))
def test_an_axis_has_few_round_amounts_and_reaches_the_largest(most: float) -> None:
    ticks = round_amounts(most)
    assert ticks[0] == 0
    assert ticks[-1] >= most or ticks[-1] == pytest.approx(most)
    assert ticks == sorted(set(ticks))
    assert 2 <= len(ticks) <= 6


def test_cloudwatch_gets_the_names_that_the_dashboards_use() -> None:
    data = metrics.data_of({"weather_monitor_errors": 2, "ai_rescheduler_throttles": 1.0}, "production", NOON)
    assert data == [
        {"MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "weather-monitor-production"}],
         "Timestamp": NOON, "Value": 2.0, "Unit": "Count"},
        {"MetricName": "Throttles", "Dimensions": [{"Name": "FunctionName", "Value": "ai-rescheduler-production"}],
         "Timestamp": NOON, "Value": 1.0, "Unit": "Count"},
    ]  # fmt: skip
    names = [(metric.part, metric.name) for metric in metrics.METRICS.values()]
    assert len(names) == len(set(names))


def test_the_guide_to_the_dashboards_has_every_metric() -> None:
    guide = Path(__file__).parents[3] / "docs" / "reference" / "dashboards.md"
    assert guide.read_text().partition("compared by a test -->\n")[2].strip() == metrics.as_table()
