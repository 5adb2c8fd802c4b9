"""Check rows of minimums and of students' limits as a whole, and against what they must not be looser than."""

from flightsched_pipelines.domain.imports.credential_rules import Wrong
from flightsched_pipelines.domain.imports.reading import ReadRow
from flightsched_pipelines.domain.risk.limits.floors import Floor, below_regulation, looser_than_school
from flightsched_pipelines.domain.risk.rules import RULE_BOOK, TRAINING_LEVELS, UNITS


def minimum(row: ReadRow) -> Wrong:
    """Require a limit that means something and is not below the regulation."""
    wrong = [*limit(row)]
    yield from wrong
    level = row.values.get("training_level")
    if not wrong and row.is_sound and (why := below_regulation(row.values, [level] if level else TRAINING_LEVELS)):
        yield "limit_value", why


def stricter(row: ReadRow, school: Floor, level: str) -> Wrong:
    """Require of a student's own limit that it is below neither the regulation nor the school's minimums."""
    why = below_regulation(row.values, [level]) or looser_than_school(
        row.values, school, row.values["school_id"], level
    )
    if why:
        yield "limit_value", why


def limit(row: ReadRow) -> Wrong:
    """Require a comparison, a limit and a unit of the rule, and days in their order."""
    values = row.values
    first, last = values.get("effective_from"), values.get("effective_to")
    if first is not None and last is not None and last < first:
        yield "effective_to", "it must not lie before effective_from"
    name = str(values.get("rule"))
    rule = RULE_BOOK.get(name)
    if rule is None or any(row.is_faulty(one) for one in ("comparison", "limit_value", "unit")):
        return
    if values["comparison"] not in rule.comparisons:
        yield "comparison", f"{name} takes {' or '.join(rule.comparisons)}"
    given, unit = values.get("limit_value"), str(values.get("unit") or "")
    if rule.plausible is None:
        if given is not None or unit:
            yield "limit_value", f"{name} takes no limit and no unit"
        return
    if unit not in rule.units:
        yield "unit", f"{name} takes {', '.join(rule.units)}"
    elif given is None:
        yield "limit_value", "it has no limit; give a number"
    elif not rule.plausible[0] <= given * rule.units[unit] <= rule.plausible[1]:
        bounds = " and ".join(f"{bound:g}" for bound in rule.plausible)
        yield "limit_value", f"{name} lies between {bounds} {UNITS[name]}"
