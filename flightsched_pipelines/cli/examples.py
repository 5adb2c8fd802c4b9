"""Examples at the end of each command's help: two that can be typed as they are, or with names of one's own."""

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, str]] = {
    "demo": ("demo", "demo --fake-llm --json"),
    "dev": ("dev", "--demo dev --port 3001"),
    "tick": ("tick", "tick --hour 2026-11-24T10 --json"),
    "dispatch": ("dispatch", "dispatch --hour 2026-11-24T10 --json"),
    "deliver": ("deliver", "--demo deliver --json"),
    "outbox": ("outbox", "--demo outbox 1"),
    "preview": ("preview opened-student", "preview --html mails"),
    "send-test": ("send-test you@example.com", "--demo send-test you@example.com"),
    "respond": ("respond 42 --accept 2", "respond PAO-1016 --keep --reason 'the fog lifts by nine'"),
    "swap": ("swap 42 43", "swap PAO-1016 PAO-1017"),
    "cancel": ("cancel 42 --reason 'the student is ill'", "cancel PAO-1016 --reason 'the student is ill'"),
    "hold": ("hold PAO-1016 --reason 'runway closed'", "hold 1016 --reason 'runway closed'"),
    "release": ("release PAO-1016 --reason 'runway open'", "release 1016 --reason 'runway open'"),
    "cases": ("cases --open", "cases --json"),
    "case": ("case 42", "case PAO-1016 --json"),
    "credentials": ("credentials", "credentials --days 30 --json"),
    "changes": ("changes", "changes --json"),
    "redrive": ("redrive", "redrive --queue --json"),
    "report": ("report", "report --hour 2026-11-24T10"),
    "explain": ("explain PAO-1016", "--demo explain pao-1016 --json"),
    "board": ("board", "--demo board --days 1 --school 'Palo Alto Flight School'"),
    "doctor": ("doctor", "doctor --json"),
    "weather": ("weather taf.json", "weather one_call.json --airport KPAO --json"),
    "assess": (
        "assess --weather taf.json --bookings lessons.csv",
        "assess --weather KPAO.taf --bookings lessons.csv --json",
    ),
    "portal": ("portal", "--demo portal --port 8080"),
    "db": ("db status", "db upgrade"),
    "db upgrade": ("db upgrade", "--demo db upgrade"),
    "db downgrade": ("db downgrade -1", "db downgrade 0010 --yes"),
    "db status": ("db status", "db status --json"),
    "db seed": ("db seed", "db seed --hour 2026-11-24T10"),
    "db reset": ("--demo db reset", "--demo db reset --yes"),
    "db shell": ("db shell", "db shell --as analyst -c 'SELECT * FROM hours LIMIT 5'"),
    "db analyst-password": ("db analyst-password", "--demo db analyst-password"),
    "db stop": ("db stop", "--demo db stop"),
    "init": ("init", "init --name 'Palo Alto Flight School' --base KPAO --hours 'mon-sun 08:00-20:00'"),
    "airports": ("airports add KPAO KSQL", "airports sync --runways runways.csv"),
    "airports add": ("airports add KPAO KSQL", "airports add PAO --metar --taf"),
    "airports sync": ("airports sync --runways runways.csv", "airports sync --runways runways.csv --yes"),
    "minimums": ("minimums list", "minimums try minimums.csv"),
    "minimums list": ("minimums list --school redwood", "minimums list --student S-1 --json"),
    "minimums add": (
        "minimums add 'wind < 12 kt' --level student_pilot --solo --reference 'Operations manual 4.2'",
        "minimums add 'visibility >= 7 SM' --student S-1 --solo --reference 'Solo endorsement' --from 2026-12-01",
    ),
    "minimums end": ("minimums end 41", "minimums end 41 --until 2026-12-31"),
    "minimums try": (
        "minimums try minimums.csv",
        "minimums try limits.csv --since 2026-11-20 --until 2026-11-26 --json",
    ),
    "import": ("import bookings bookings.csv --dry-run", "import --template bookings"),
    **{
        f"import {kind}": (f"import {kind} {kind}.csv --dry-run", f"import {kind} {kind}.xlsx --json")
        for kind in (
            "schools", "airports", "instructors", "students", "aircraft", "availability", "downtime", "bookings",
            "preferences", "minimums", "limits", "requirements", "credentials", "inspections", "squawks",
        )
    },
    "aws": ("aws bootstrap", "--demo aws bootstrap"),
    "aws bootstrap": ("aws bootstrap", "--demo aws bootstrap"),
    "alerts": ("alerts", "alerts --json"),
    "alerts silence": (
        "alerts silence weather --why 'provider at work'",
        "alerts silence weather --hours 0 --why 'it is back'",
    ),
    "standby": ("standby", "standby --aircraft-type C172S"),
    "standby add": ("standby add PAO-1016", "standby add PAO-1016 --until 2026-12-01"),
    "standby remove": ("standby remove PAO-1016", "--demo standby remove pao-1016"),
}  # fmt: skip
"""By the command's path."""
