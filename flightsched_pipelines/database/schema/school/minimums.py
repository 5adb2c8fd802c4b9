"""The weather minimums of schools and students, and the conditions that give a row a meaning.

A student's own limits are personal: they stay in this table, and in the hours' reference contents of the same schema.
"""

from collections.abc import Iterable

from sqlalchemy import Boolean, CheckConstraint, Date, Double, Index, Table, Text

from flightsched_pipelines.database.schema.base import (
    column,
    ended_at,
    external_id,
    identifier,
    metadata,
    one_of,
    optional,
    reference,
    sound,
)
from flightsched_pipelines.domain.risk.limits.floor_rows import FloorRow, floor_rows
from flightsched_pipelines.domain.risk.rules import AUTHORITIES, EFFECTS, LESSON_KINDS, RULE_BOOK, TRAINING_LEVELS, Rule


def _said(numbers: Iterable[tuple[str, float]]) -> str:
    return " ".join(f"WHEN '{unit}' THEN {factor!r}" for unit, factor in numbers)


def _meaning_of(name: str, rule: Rule) -> str:
    stated = f"rule = '{name}' AND {one_of('comparison', rule.comparisons)}"
    if rule.plausible is None:
        units = one_of("coalesce(unit, '')", ("", *rule.units))
        return f"{stated} AND limit_value IS NULL AND {units}"
    in_its_unit = f"limit_value * CASE unit {_said(rule.units.items())} END"
    return f"{stated} AND {in_its_unit} BETWEEN {rule.plausible[0]} AND {rule.plausible[1]}"


_MEANING = f"({' OR '.join(f'({_meaning_of(name, rule)})' for name, rule in RULE_BOOK.items())}) IS TRUE"
"""A rule, with one of its comparisons, and a plausible limit in one of its units, or none (`risk.rules`)."""


def _below(floor: FloorRow) -> str:
    """Return the condition that a limit is below one of the regulation for a lesson that both apply to."""
    stated = {"training_level": floor.training_level, "solo": floor.solo, "night": floor.night}
    lessons = "".join(
        f" AND coalesce({name}, {value!r}) = {value!r}" for name, value in stated.items() if value is not None
    )
    in_its_unit = f"limit_value * CASE unit {_said(RULE_BOOK[floor.rule].units.items())} END"
    return f"rule = '{floor.rule}'{lessons} AND {in_its_unit} < {floor.limit_value}"


_FLOOR = (
    "(authority = 'school' AND effective_to IS NULL AND "
    f"({' OR '.join(f'({_below(row)})' for row in floor_rows())})) IS NOT TRUE"
)
"""No limit of a school's is below the regulation; one from before the condition can still be ended."""

weather_minimums = Table(
    "weather_minimums",
    metadata,
    identifier(),
    reference("school_id", "schools", "School; null for every school.", nullable=True),
    reference("student_id", "students", "Student of the school whose own limit it is; null: not one.", nullable=True),
    column("authority", Text, "regulation (a floor), default, school (replaces the default), or student (own limit)."),
    optional("training_level", Text, "Level the rule is for; null for any."),
    optional("solo", Boolean, "Solo or dual; null for both."),
    optional("lesson_kind", Text, "pattern, local or cross_country; null for any."),
    optional("night", Boolean, "Night or day; null for both."),
    optional("aircraft_type", Text, "Type of aircraft the rule is for; null for any."),
    column("rule", Text, "What is limited: visibility, ceiling, wind, gust, crosswind, ..."),
    column("comparison", Text, "What is allowed: >, >=, < or <= the limit; none: no hazard; any: every area."),
    optional("limit_value", Double, "The limit, in the unit; null for hazards and the aircraft's own limit."),
    optional("unit", Text, "Unit of the limit: SM, m or km; ft or m; kt, m/s, km/h or mph; min or h."),
    column("effect", Text, "block (below it a lesson is at risk) or warn (to watch)."),
    column("effective_from", Date, "First day on which the rule holds."),
    optional("effective_to", Date, "Last day; null for open."),
    column("reference", Text, "Source of the limit, such as 14 CFR 91.155."),
    external_id(),
    ended_at(),
    Index("weather_minimums_external_id_key", "school_id", "authority", "external_id", unique=True),
    CheckConstraint(one_of("authority", AUTHORITIES), name="authority"),
    CheckConstraint(
        "(authority = 'student') = (student_id IS NOT NULL) AND (authority <> 'student' OR school_id IS NOT NULL)",
        name="student",
    ),
    CheckConstraint(_FLOOR, name="floor"),
    CheckConstraint("comparison IN ('>', '>=', '<', '<=', 'none', 'any')", name="comparison"),
    CheckConstraint(one_of("effect", EFFECTS), name="effect"),
    CheckConstraint(_MEANING, name="meaning"),
    CheckConstraint(
        f"({one_of('training_level', TRAINING_LEVELS)}) IS NOT FALSE "
        f"AND ({one_of('lesson_kind', LESSON_KINDS)}) IS NOT FALSE",
        name="whom",
    ),
    sound(
        "days",
        "effective_from, effective_to",
        "effective_from BETWEEN '1900-01-01'::date AND '9999-12-31'::date "
        "AND (effective_to BETWEEN effective_from AND '9999-12-31'::date) IS NOT FALSE",
        "they are no days, or the last one lies before the first; leave the last one empty for open",
    ),
    schema="school",
    comment="Weather minimums of schools and students as effective-dated data, one row a limit.",
)
