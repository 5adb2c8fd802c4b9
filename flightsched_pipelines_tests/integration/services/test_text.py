"""Every entry point refuses text that cannot be stored or shown, with a sentence, and stores nothing of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.services.imports.importing import ImportOptions, import_file
from flightsched_pipelines.services.monitoring import alerts
from flightsched_pipelines.services.responses import queued_responses, weather_hold
from flightsched_pipelines.services.responses.queued_responses import UnreadableResponseError
from flightsched_pipelines.services.responses.swap import swap
from flightsched_pipelines.services.standby import places as standby
from flightsched_pipelines.text import MAX_REASON_CHARACTERS
from flightsched_pipelines_tests.integration.services.helpers import NOW, SETTINGS, one, say
from flightsched_pipelines_tests.unit.test_text import UNACCEPTABLE

MESSAGE = {"key": "partner-0001", "case_id": 1, "action": "keep", "role": "instructor", "person_id": 1}
HEADER = "school,student,days,note"


def of_queue(**changed: str) -> Callable[[Engine, str], object]:
    """Reads a message with a bad text as its field ``FIELD``, or as the name of a field."""

    def read(_: Engine, text: str) -> object:
        fields = MESSAGE | {text if name == "NAME" else name: text for name in changed}
        return queued_responses.read_message(json.dumps(fields))

    return read


def of_file(line: str) -> Callable[[Engine, str], object]:
    """Imports a file of preferences with a bad text in a cell."""

    def read(engine: Engine, text: str) -> object:
        data = f"{HEADER}\nPalo Alto Flight School,{line.format(text)}\n".encode("utf-8-sig", errors="surrogatepass")
        return import_file(engine, "preferences", data, ImportOptions(yes=True), NOW, SETTINGS)

    return read


ENTRY_POINTS: dict[str, Callable[[Engine, str], object]] = {
    "answer, reason": lambda engine, text: say(engine, 1, "keep", reason=text),
    "answer, key": lambda engine, text: say(engine, 1, "keep", key=text, reason="fog"),
    "swap, key": lambda engine, text: swap(engine, text, (1, 2), "terminal", NOW, SETTINGS),
    "hold, reason": lambda engine, text: weather_hold.order(engine, "k", "hold", "PAO-1016", text, "terminal", NOW),
    "hold, booking": lambda engine, text: weather_hold.order(engine, "k", "hold", text, "fog", "terminal", NOW),
    "release, booking": lambda engine, text: weather_hold.order(engine, "k", "release", text, "fog", "job", NOW),
    "silence, why": lambda engine, text: alerts.silence(engine, "weather", 4, text, NOW),
    "silence, alert": lambda engine, text: alerts.silence(engine, text, 4, "known", NOW),
    "standby, join": lambda engine, text: standby.join(engine, text, None, NOW),
    "standby, leave": lambda engine, text: standby.leave(engine, text, NOW),
    "queue, reason": of_queue(reason=""),
    "queue, key": of_queue(key=""),
    "queue, action": of_queue(action=""),
    "queue, name of a field": of_queue(NAME=""),
    "import, note": of_file('student1@example.com,sat,"{}"'),
    "import, address": of_file('"{}",sat,fog'),
    "import, days": of_file('student1@example.com,"{}",fog'),
}


@pytest.mark.parametrize("entry", ENTRY_POINTS)
def test_no_entry_point_takes_what_cannot_be_stored(
    told_engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, entry: str
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = "SELECT (SELECT count(*) FROM school.responses) + (SELECT count(*) FROM school.alert_silences)"
    before, notes = (
        one(told_engine, kept),
        "SELECT md5(string_agg(p::text, '' ORDER BY p)) FROM school.student_preferences p",
    )
    stored = one(told_engine, notes)
    for text in UNACCEPTABLE.values():
        with pytest.raises((PlainError, UnreadableResponseError)) as refused:
            ENTRY_POINTS[entry](told_engine, text)
        sentence = str(refused.value)
        assert sentence.replace("\n", " ").isprintable() or entry.startswith("import"), sentence
        sentence.encode()
        assert "\x00" not in sentence
    assert (one(told_engine, kept), one(told_engine, notes)) == (before, stored)


def test_a_reason_has_at_most_so_many_characters(told_engine: Engine) -> None:
    with pytest.raises(PlainError, match="the reason has 501 characters; give at most 500"):
        say(told_engine, 1, "keep", reason="x" * (MAX_REASON_CHARACTERS + 1))
