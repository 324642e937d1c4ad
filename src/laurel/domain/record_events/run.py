"""One transaction of the spine while it is under way: the people's states, what completed, what has to be written."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from laurel.base.ids import AchievementId, PersonId
from laurel.database.pool import Transaction
from laurel.domain.achievements.awarded import store as awarded
from laurel.domain.achievements.evaluate import Completion, PersonState, apply_late, recount
from laurel.domain.achievements.model import Award
from laurel.domain.achievements.progress_rows import store as progress_rows
from laurel.domain.achievements.rules import Rule, RuleBook
from laurel.domain.achievements.standing import learn_calendars
from laurel.domain.events import store as events
from laurel.domain.leaderboards import scoring
from laurel.domain.leaderboards.scoring import Gain
from laurel.domain.people import store as people
from laurel.domain.record_events.memory import Opening, Reactions, Spine


class Run:
    """The state of one transaction. Loads progress, collects changes, writes them once at the end."""

    @classmethod
    async def begin(cls, tx: Transaction, spine: Spine, *, quiet: bool = False, now: datetime | None = None) -> "Run":
        """A run by the organisation's rules as of now. `now`: for who has asked the clock before.

        Raises NotFound when there is no such organisation.
        """
        return cls(tx, spine, await spine.open(tx), now or spine.clock.now(), quiet=quiet)

    def __init__(self, tx: Transaction, spine: Spine, opening: Opening, now: datetime, *, quiet: bool) -> None:
        self.tx = tx
        self.spine = spine
        self.book: RuleBook = opening.book
        self.language = opening.language
        self.people_version = opening.people_version
        self.now = now
        self.quiet = quiet
        self.states: dict[PersonId, PersonState] = {}
        self.made: list[tuple[Award, Rule | None]] = []
        self.reactions: Reactions = opening.reactions
        self.due: list[Completion] = []
        self.gains: list[Gain] = []
        self.losses: list[Gain] = []
        self.only_living = False
        """Whether it is known that nobody in it is deleted."""
        self.held: list[tuple[AchievementId, PersonId, int, int]] = []
        """Awards that stand from now on (1) or no longer (-1), and whether with them the person holds it, or no longer."""

    def take_due(self) -> list[Completion]:
        """What raised events completed and nobody settled yet; empty afterwards."""
        due, self.due = self.due, []
        return due

    def count_held(self, award: Award, step: int) -> None:
        """Count an award among those held (1), or no longer (-1)."""
        state = self.states.get(award.person_id)
        if state is None:
            return
        before = state.held.get(award.achievement_id, 0)
        after = max(before + step, 0)
        if after:
            state.held[award.achievement_id] = after
        else:
            state.held.pop(award.achievement_id, None)
        state.changed = True
        self.held.append((award.achievement_id, award.person_id, step, bool(after) - bool(before)))

    async def load(self, person_ids: Iterable[PersonId]) -> None:
        """Load and lock the progress of these people; the deleted and unknown are absent afterwards."""
        wanted = sorted(set(person_ids) - self.states.keys())
        if wanted:
            loaded = await progress_rows.load_states(self.tx, wanted)
            self.states |= loaded
            if self.book.personal or self.reactions.streak_rules:
                await learn_calendars(self.tx, self.book, loaded)

    async def catch_up(self) -> list[Completion]:
        """Apply what had to wait for rows of older periods, and count anew what was counted by an older definition."""
        completions: list[Completion] = []
        waiting = [state for state in self.states.values() if state.late]
        if waiting:
            wanted = {(state.person_id, (late.rule.id, late.period)) for state in waiting for late in state.late}
            for (person_id, key), entry in (await progress_rows.load_past(self.tx, sorted(wanted))).items():
                self.states[person_id].past.setdefault(key, entry)
            for state in waiting:
                pending, state.late = state.late, []
                for late in pending:
                    completions += apply_late(self.book, state, late)
        for state in self.states.values():
            if state.stale:
                stale, state.stale = sorted(state.stale), set()
                for achievement_id in stale:
                    rule = self.book.rules.get(achievement_id)
                    if rule is not None:
                        completions += await self.count_anew(state, rule)
        return completions

    async def count_anew(self, state: PersonState, rule: Rule) -> list[Completion]:
        """Replace a person's progress in one achievement by a count over all events; what is complete in it."""
        names, categories = names_and_categories(rule)
        recorded = await events.of_people(self.tx, [state.person_id], names, categories)
        result = recount(self.book, rule, state, recorded)
        await progress_rows.forget_past(self.tx, state.person_id, rule.id)
        for key in [key for key in state.past if key[0] == rule.id]:
            del state.past[key]
            state.past_changed.discard(key)
        state.entries.pop(rule.id, None)
        state.changed = True
        for period in sorted(result.entries):
            state.put(rule, result.entries[period])
        return result.completions

    async def save(self) -> None:
        """Write all progress and scores that changed since the last time."""
        if self.gains or self.losses:
            gains, self.gains = self.gains, []
            losses, self.losses = self.losses, []
            await scoring.write(self.tx, self.reactions.boards, self.book.calendar, gains, losses)
        if self.held:
            await self._tally()
        changed = [state for state in self.states.values() if state.changed or state.past_changed]
        if not changed:
            return
        await progress_rows.save_states(self.tx, changed)
        await progress_rows.save_past(self.tx, changed)
        for state in changed:
            state.changed = False
            state.past_changed.clear()

    async def _tally(self) -> None:
        """Bring the counters of awards and holders up to date; who is deleted is no holder."""
        held, self.held = self.held, []
        gone = set() if self.only_living else await people.gone_among(self.tx, sorted({one[1] for one in held}))
        sums: dict[AchievementId, tuple[int, int]] = {}
        for achievement_id, person_id, step, holding in held:
            awards, holders = sums.get(achievement_id, (0, 0))
            sums[achievement_id] = (awards + step, holders + (0 if person_id in gone else holding))
        shard = self.spine.chance.randrange(awarded.TALLY_SHARDS)
        await awarded.tally(self.tx, shard, [(key, *sums[key]) for key in sorted(sums)])


def names_and_categories(rule: Rule) -> tuple[Sequence[str] | None, Sequence[str] | None]:
    """The event names and categories that may match a rule's queries; (None, None) when a query matches anything."""
    queries = rule.achievement.queries
    if any(query.event_name is None and query.category is None for query in queries):
        return None, None
    names = sorted({query.event_name for query in queries if query.event_name is not None})
    categories = sorted(
        {query.category for query in queries if query.event_name is None and query.category is not None}
    )
    return names, categories
