"""Arguments that a terminal may pass on and no command accepts: exit code 2 and a sentence, never a traceback."""

from pathlib import Path

import pytest

from flightsched_pipelines_tests.integration.cli.conftest import Type

NOT_UTF8 = "caf\udce9"
"""Python's form of an argument with the byte E9."""

TOO_LARGE = "99999999999999999999"
LONG = "x" * 10_000
ESCAPE = "\x1b[31mred"
NOT_TEXT = b"\xff\xfe{"
PREFERENCES = b"school,student,days,latest_date,note\n"
ROW = b"Palo Alto Flight School,student1@example.com,sat,"

TYPED: dict[str, tuple[tuple[str, ...], str]] = {
    "case, beyond bigint": (("case", TOO_LARGE), "there is no case 9"),
    "case, negative": (("case", "--", "-1"), "there is no case of -1"),
    "case, other digits": (("case", "²"), "there is no case of ²"),
    "respond, beyond bigint": (("respond", TOO_LARGE, "--confirm"), "there is no case 9"),
    "respond, number beyond bigint": (("respond", "1", "--accept", TOO_LARGE), "there is no case 1"),
    "respond, reason": (("respond", "1", "--keep", "--reason", NOT_UTF8), "argument 5 is not UTF-8"),
    "respond, escape in reason": (
        ("respond", "1", "--keep", "--reason", ESCAPE),
        "the reason has the control character",
    ),
    "respond, long reason": (("respond", "1", "--keep", "--reason", LONG), "the reason has 10,000 characters"),
    "respond, key": (("respond", "1", "--confirm", "--key", NOT_UTF8), "not UTF-8"),
    "respond, long key": (("respond", "1", "--confirm", "--key", LONG), "the key has 10,000 characters"),
    "respond, empty key": (("respond", "1", "--confirm", "--key", ""), "--key is empty"),
    "respond, year 10000": (("respond", "1", "--none-suit", "--after", "10000-01-01"), "10000-01-01"),
    "respond, days": (("respond", "1", "--none-suit", "--days", NOT_UTF8), "not UTF-8"),
    "swap, beyond bigint": (("swap", "1", TOO_LARGE), "there is no case"),
    "swap, key": (("swap", "1", "2", "--key", ESCAPE), "the key has the control character"),
    "cancel, beyond bigint": (("cancel", TOO_LARGE), "there is no case 9"),
    "cancel, reason": (("cancel", "1", "--reason", LONG), "the reason has 10,000 characters"),
    "hold, booking beyond bigint": (("hold", TOO_LARGE, "--reason", "fog"), "give its reference, such as"),
    "hold, booking": (("hold", ESCAPE, "--reason", "fog"), "the booking has the control character"),
    "release, reason": (("release", "1", "--reason", ESCAPE), "the reason has the control character"),
    "standby, booking": (("standby", "add", LONG), "the booking has 10,000 characters"),
    "standby, not UTF-8": (("standby", "remove", NOT_UTF8), "not UTF-8"),
    "standby, year 10000": (("standby", "add", "PAO-1016", "--until", "10000-01-01"), "10000-01-01"),
    "silence, why": (("alerts", "silence", "weather", "--why", ESCAPE), "the reason has the control character"),
    "silence, alert": (("alerts", "silence", LONG, "--why", "known"), "the alert's name has 10,000 characters"),
    "silence, hours that are none": (
        ("alerts", "silence", "weather", "--why", "x", "--hours", "nan"),
        "between 0 and 336",
    ),
    "silence, hours without end": (
        ("alerts", "silence", "weather", "--why", "x", "--hours", "1e999"),
        "between 0 and 336",
    ),
    "outbox, beyond bigint": (("outbox", TOO_LARGE), "there is no mail"),
    "hour, year 10000": (("tick", "--hour", "10000-01-01T00"), "give a full hour in UTC"),
    "hour, year 0": (("dispatch", "--hour", "0000-01-01T00"), "give a full hour in UTC"),
    "hour, not UTF-8": (("report", "--hour", NOT_UTF8), "not UTF-8"),
    "hour, other digits": (("explain", "PAO-1016", "--hour", "²026-01-01T00"), "give a full hour in UTC"),
    "explain, nothing": (("explain", TOO_LARGE), "No hour has been run yet"),
    "send-test, address": (("send-test", ESCAPE), "is not a valid email address"),
    "preview, name": (("preview", NOT_UTF8), "not UTF-8"),
    "weather, no such file": (("weather", "nowhere.json"), "cannot be read"),
    "assess, not UTF-8": (("assess", "--weather", NOT_UTF8, "--bookings", "b.csv"), "not UTF-8"),
    "downgrade": (("db", "downgrade", ESCAPE, "--yes"), "cannot be taken to"),
}

FILES: dict[str, tuple[tuple[str, ...], bytes, str]] = {
    "import, not UTF-8": (("import", "preferences"), NOT_TEXT, "is not the text that its first bytes say"),
    "import, NUL": (("import", "preferences"), PREFERENCES + ROW + b",a\x00b\n", "NUL"),
    "import, escape": (("import", "preferences"), PREFERENCES + ROW + b",\x1b[31m\n", "line 2: note"),
    "import, year 9999": (("import", "preferences"), PREFERENCES + ROW + b"9999-12-31,\n", "give a day between"),
    "import, year 10000": (("import", "preferences"), PREFERENCES + ROW + b"10000-01-01,\n", "give a day between"),
    "import, long note": (("import", "preferences"), PREFERENCES + ROW + b"," + b"x" * 501, "at most 500"),
    "import, long field": (("import", "preferences"), PREFERENCES + ROW + b"," + b"x" * 200_000, "not CSV"),
    "weather, not UTF-8": (("weather",), NOT_TEXT, "is not UTF-8 text"),
    "weather, deep": (("weather",), b"[" * 100_000, "nested too deeply"),
    "weather, a number": (("weather",), b"9" * 10_000, "file"),
    "weather, empty": (("weather",), b"", "JSON"),
    "assess, not UTF-8": (("assess", "--bookings", "{}", "--weather"), NOT_TEXT, "is not UTF-8 text"),
    "assess, NUL": (("assess", "--bookings", "{}", "--weather"), b"\x00", "JSON"),
}


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("case", TYPED)
def test_what_no_command_can_take_is_said_in_a_sentence(flightsched: Type, case: str) -> None:
    typed, told = TYPED[case]
    answer = flightsched(*typed)
    words = " ".join(answer.err.split())
    assert (answer.code, told in words) == (2, True), answer.err
    assert words.isprintable()


WRONG_USAGE: dict[str, tuple[tuple[str, ...], str]] = {
    "a command": (("tokn",), "no such command 'tokn'. Did you mean 'token'? (see `flightsched --help`)"),
    "a command below another": (("db", "upgrad"), "no such command 'upgrad'"),
    "an option": (("cases", "--opne"), "no such option: --opne (Possible options: --json, --open) (see `flights"),
    "no argument": (("import", "bookings"), "missing argument 'file' (see `flightsched import bookings --help`)"),
    "arguments too many": (("outbox", "1", "2"), "got unexpected extra argument(s) (2) (see `flightsched outbox"),
    "an option without its value": (("board", "--days"), "--days' requires an argument"),
    "a number": (("outbox", "abc"), "number is 'abc'; give a whole number (see `flightsched outbox --help`)"),
    "a number of an option": (("credentials", "--days", "x"), "--days is 'x'; give a whole number (see"),
    "a number with a point": (("credentials", "--days", "1.5"), "--days is '1.5'; give a whole number (see"),
    "a number too large": (
        ("credentials", "--days", "900"),
        "is '900'; give a number less than or equal to 365 (see",
    ),
    "a number too small": (
        ("verify", "--missed-move-cost", "0"),
        "is '0'; give a number greater than or equal to 0.01",
    ),
    "a number that is a word": (("drain", "--minutes", "ten"), "--minutes is 'ten'; give a number (see"),
    "a word of a few": (("import", "bookings", "x.csv", "--times", "gmt"), "is 'gmt'; give 'offset', 'local', 'utc'"),
    "with --demo": (("--demo", "outbox", "abc"), "(see `flightsched --demo outbox --help`)"),
}


@pytest.mark.parametrize("case", WRONG_USAGE)
def test_wrong_usage_is_one_line_with_what_was_typed_and_what_to_give(flightsched: Type, case: str) -> None:
    typed, told = WRONG_USAGE[case]
    answer = flightsched(*typed)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("flightsched: ")
    assert answer.err.count("\n") == 1
    assert told in answer.err


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("case", FILES)
def test_a_file_that_no_command_can_read_is_said_in_a_sentence(flightsched: Type, tmp_path: Path, case: str) -> None:
    command, content, told = FILES[case]
    file = tmp_path / "file"
    file.write_bytes(content)
    answer = flightsched(*(word.format(file) for word in command), str(file))
    words = " ".join(answer.err.split())
    assert (answer.code, told in words) == (2, True), answer.err
