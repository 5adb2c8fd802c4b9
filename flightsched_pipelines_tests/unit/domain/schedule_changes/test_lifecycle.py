"""The state machine of changes: whatever the platform and the school do in turn, no move and no lesson is lost."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.schedule_changes.lifecycle import ChangeState, ScheduleChange, record, settle
from flightsched_pipelines_tests.examples import examples

BEGIN = datetime(2027, 1, 11, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLOTS = [Slot(BEGIN + hours * HOUR, BEGIN + (hours + 2) * HOUR, person, 1) for hours in (0, 3, 6) for person in (1, 2)]
PLACES = st.sampled_from([*SLOTS, None])


@dataclass
class Lesson:
    """A lesson here and in the school's scheduler, and where a file last had it."""

    here: Slot | None
    scheduler: Slot | None
    filed: Slot | None
    known: Slot | None
    waiting: ScheduleChange | None = None


class Changes(RuleBasedStateMachine):
    """The platform moves lessons; people enter moves, or book otherwise; exports come, stale ones and repeated ones."""

    @initialize(place=st.sampled_from(SLOTS), imported=st.booleans())
    def book(self, place: Slot, imported: bool) -> None:
        """Begin with a lesson that a file had, or that was entered by hand."""
        self.lesson = Lesson(place, place, place if imported else None, place)
        self.exports: list[Slot | None] = [place]
        self.moves: list[Slot | None] = []

    @rule(to=PLACES)
    def the_platform_moves(self, to: Slot | None) -> None:
        """Move the lesson, or cancel it."""
        lesson = self.lesson
        if lesson.here is None:
            return
        recorded = record(lesson.waiting, lesson.here, lesson.filed, to)
        assert (recorded.ends is not None) == (lesson.waiting is not None)
        lesson.waiting, lesson.here = recorded.waits, to
        self.moves.append(to)

    @rule(to=PLACES)
    def the_school_books_otherwise(self, to: Slot | None) -> None:
        """Put it elsewhere in the scheduler."""
        self.lesson.scheduler = to

    @rule()
    def the_school_enters_the_move(self) -> None:
        """Put it in the scheduler where it is here."""
        self.lesson.scheduler = self.lesson.here

    @rule(data=st.data(), fresh=st.booleans())
    def a_file_comes(self, data: st.DataObject, fresh: bool) -> None:
        """Import an export of now, or one of before."""
        lesson = self.lesson
        filed = lesson.scheduler if fresh else data.draw(st.sampled_from(self.exports))
        self.exports.append(filed)
        change, was = lesson.waiting, lesson.here
        outcome = None if change is None else settle(change, filed)
        lesson.here = was if outcome is ChangeState.WAITING else filed
        lesson.waiting = change if outcome is ChangeState.WAITING else None
        lesson.filed = lesson.known = filed
        if change is not None and filed not in (change.before, change.after):
            assert outcome is ChangeState.OVERRULED, "a third time is told of, and counts"
        if change is not None and filed == change.before:
            assert lesson.here == was, "a file with the old time undoes no move"
        if change is not None and filed == change.after:
            assert (outcome, lesson.here) == (ChangeState.ENTERED, was)
        if filed is None and (change is None or change.after is not None):
            assert lesson.here is None

    @invariant()
    def a_difference_is_a_change_that_waits(self) -> None:
        """Check that exactly the lessons which are not where the scheduler had them last have a change that waits."""
        lesson = self.lesson
        assert (lesson.here != lesson.known) == (lesson.waiting is not None)
        if lesson.waiting is not None:
            assert (lesson.waiting.before, lesson.waiting.after) == (lesson.known, lesson.here)

    @invariant()
    def the_lesson_is_where_the_platform_or_a_file_put_it(self) -> None:
        """Check that it is nowhere else."""
        assert self.lesson.here in {*self.moves, *self.exports}


TestChanges = Changes.TestCase
TestChanges.settings = examples(
    100, "15 steps each over few states: every pair of steps is drawn often", stateful_step_count=15
)
