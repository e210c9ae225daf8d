"""An expert's own ballot, and nobody else's."""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from weighting.enums import Language, RoundState
from weighting.manifest import hash_answers
from weighting.models import Ballot, Framework, Indicator, Round, RoundItem, RoundNote, Score
from weighting.numeric.ordering import display_order
from weighting.numeric.scale import SCALE
from weighting.selectors.claims import Claim, held_ballot
from weighting.selectors.rounds import is_counted, would_count
from weighting.selectors.statements import Given, Statement

# A pattern is worth a second look in a ballot of some length, and a list that can be read at once.
LEAST_FOR_PATTERN = 10
UNIFORM_SHARE = 0.9
MOST_EXTREMES = 20
SUFFIXES = {Language.CHINESE: "zh", Language.ENGLISH: "en"}
COLUMNS = [field.attname for field in Indicator._meta.concrete_fields]
# Of how many rounds what they ask is kept at hand: a tree may have two thousand nodes.
MOST_KEPT = 8


class Questions(list[Indicator]):
    """What a round asks, in file order; ``cards`` is what pages have drawn of it and keep."""

    def __init__(self, indicators: Iterable[Indicator]) -> None:
        super().__init__(indicators)
        self.cards: dict[Hashable, str] = {}


@dataclass(frozen=True)
class BallotItem:
    """One question with the answer as it stands; ``answered`` tells a gap from an abstention."""

    indicator: Indicator
    value: int | None
    revision: int
    comment: str = ""

    @property
    def answered(self) -> bool:
        return self.revision > 0


@dataclass(frozen=True)
class BallotSection:
    """A sibling group on the ballot; ``path`` leads from the root to its parent, empty for the root group."""

    path: list[Indicator]
    items: list[BallotItem]

    @property
    def parent(self) -> Indicator | None:
        return self.path[-1] if self.path else None

    @property
    def is_complete(self) -> bool:
        return self.answered_count == len(self.items)

    @property
    def answered_count(self) -> int:
        return sum(item.answered for item in self.items)


@dataclass(frozen=True)
class OwnBallot:
    """All that experts may know of their own ballots."""

    round: Round
    sections: list[BallotSection]
    ballot: Ballot | None
    questions: Questions

    @cached_property
    def items(self) -> list[BallotItem]:
        return [item for section in self.sections for item in section.items]

    @cached_property
    def gaps(self) -> list[Indicator]:
        return gaps_of(self.sections)

    @property
    def answered_count(self) -> int:
        return len(self.items) - len(self.gaps)

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint_of(self.sections)

    @property
    def is_sealed(self) -> bool:
        return bool(self.ballot and self.ballot.receipt)

    @property
    def is_left_out(self) -> bool:
        """Whether the answers as they stand would be left out of the weights."""
        return not self.gaps and not would_count(self.round, [item.value for item in self.items])

    @property
    def is_seal_left_out(self) -> bool:
        """Whether the answers as they were sealed are."""
        return bool(self.ballot and self.is_sealed and not is_counted(self.round, self.ballot))

    @cached_property
    def changed_count(self) -> int:
        """How many answers or comments differ from the sealed ones, which alone count."""
        if not self.ballot or self.ballot.sealed_scores is None:
            return 0
        scores, comments = self.ballot.sealed_scores, self.ballot.sealed_comments
        return sum(
            (scores.get(item.indicator.code, 0), comments.get(item.indicator.code, ""))
            != (item.value, item.comment)
            for item in self.items
            if item.answered
        )

    @cached_property
    def distribution(self) -> dict[int | None, int]:
        """How often each value was given; None counts the abstentions."""
        counts = Counter(item.value for item in self.items if item.answered)
        return {value: counts[value] for value in (*SCALE, None)}

    @property
    def favourite(self) -> int | None:
        """The score given to at least nine in ten of ten or more items, if there is one."""
        scored = sum(count for value, count in self.distribution.items() if value)
        most = max(SCALE, key=self.distribution.__getitem__)
        is_uniform = scored >= LEAST_FOR_PATTERN and self.distribution[most] >= UNIFORM_SHARE * scored
        return most if is_uniform else None

    @cached_property
    def extremes(self) -> list[BallotItem]:
        """The items with a 1 or a 5, where they are few enough to look at once more."""
        extremes = [item for item in self.items if item.value in (1, 5)]
        return extremes if len(extremes) <= MOST_EXTREMES else []


def is_open(round_: Round) -> bool:
    """Tell whether ballots may change: the round is open and the server's clock before the deadline."""
    return round_.state == RoundState.OPEN and timezone.now() < round_.deadline


def own_ballot(claim: Claim) -> OwnBallot:
    """Return the ballot that the claim opens, and its seal."""
    round_, ballot = claim.invitation.round, held_ballot(claim)
    questions = questions_of(round_)
    sections = ballot_sections(questions, ballot)
    shown = _as_shown(sections, round_, ballot) if ballot else sections
    return OwnBallot(round_, shown, ballot, questions)


def own_sections(claim: Claim) -> list[BallotSection]:
    """Return the same ballot in file order."""
    return ballot_sections(questions_of(claim.invitation.round), held_ballot(claim))


def notes_of(round_: Round) -> list[RoundNote]:
    """Return the dated notes to the panel, the newest first."""
    return NOTES.all(round=round_.pk)


def questions_of(round_: Round) -> Questions:
    """Return the indicators that a round asks about, in file order; they stay as they are once it is open.

    They and what is above them have their texts in the languages of the round alone. Whoever comes for the
    same gets the same, which is never changed: three hundred may come within seconds.
    """
    rows = ASKED.all(framework=round_.framework_id, round=round_.pk)
    return _questions(tuple(rows), frozenset(round_.languages))


def item_count_of(round_: Round) -> int:
    """Return how many indicators a round asks about."""
    counted = ITEM_COUNT.first(round=round_.pk)
    return counted[0] if counted else 0


@lru_cache(maxsize=MOST_KEPT)
def _questions(rows: Sequence[Sequence[Any]], languages: Collection[str]) -> Questions:
    nodes, asked = {}, []
    for row in rows:
        node = Indicator.from_db(DEFAULT_DB_ALIAS, COLUMNS, row[:-1])
        nodes[node.pk] = node
        if row[-1]:
            asked.append(node)
    for node in nodes.values():
        node.parent = nodes[node.parent_id] if node.parent_id else None
        _keep_to_languages(node, languages)
    return Questions(asked)


def ballot_sections(questions: Sequence[Indicator], ballot: Ballot | None) -> list[BallotSection]:
    """Return a ballot along the tree, in file order, gaps included; without one, all gaps."""
    scores = {s.indicator_id: s for s in SCORES.all(ballot=ballot.pk)} if ballot else {}
    groups: defaultdict[Indicator | None, list[Indicator]] = defaultdict(list)
    for node in questions:
        groups[node.parent].append(node)
    return [
        BallotSection(
            path=_path_to(parent), items=[_ballot_item(node, scores.get(node.pk)) for node in group]
        )
        for parent, group in groups.items()
    ]


def gaps_of(sections: list[BallotSection]) -> list[Indicator]:
    """Return the unanswered indicators in ballot order."""
    return [item.indicator for section in sections for item in section.items if not item.answered]


def answers_of(sections: list[BallotSection]) -> dict[str, int | None]:
    """Return the answers by indicator code; None is an abstention."""
    return {i.indicator.code: i.value for section in sections for i in section.items if i.answered}


def comments_of(sections: list[BallotSection]) -> dict[str, str]:
    """Return the comments by indicator code, without the empty ones."""
    return {i.indicator.code: i.comment for section in sections for i in section.items if i.comment}


def fingerprint_of(sections: list[BallotSection]) -> str:
    """Return what tells whether the answers or comments changed since a page was made."""
    return hash_answers(answers_of(sections), comments_of(sections))


def _as_shown(sections: list[BallotSection], round_: Round, ballot: Ballot) -> list[BallotSection]:
    """Put the items of each section into the ballot's own order, the same on every visit."""
    return [
        replace(
            section,
            items=[
                section.items[place]
                for place in display_order(round_.seed, ballot.order_key, len(section.items))
            ],
        )
        for section in sections
    ]


def _keep_to_languages(node: Indicator, offered: Collection[str]) -> None:
    """Take from a node, which is never stored, its texts in other languages, where it has any in these."""
    for text in ("name", "definition"):
        columns = {language: f"{text}_{suffix}" for language, suffix in SUFFIXES.items()}
        if any(getattr(node, column) for language, column in columns.items() if language in offered):
            for language in columns.keys() - set(offered):
                setattr(node, columns[language], "")


def _path_to(node: Indicator | None) -> list[Indicator]:
    path = []
    while node:
        path.append(node)
        node = node.parent
    return path[::-1]


def _ballot_item(node: Indicator, score: Score | None) -> BallotItem:
    if score is None:
        return BallotItem(node, None, 0)
    return BallotItem(node, score.value, score.revision, score.comment)


ROUND = Given("round", Round._meta.pk)


def _asked() -> QuerySet[Indicator, tuple[Any, ...]]:
    """The nodes of a framework in file order, each with whether a round asks about it."""
    nodes = Indicator.objects.filter(framework=Given("framework", Framework._meta.pk)).order_by("position")
    items = RoundItem.objects.filter(round=ROUND, indicator=OuterRef("pk"))
    return nodes.annotate(is_asked=Exists(items)).values_list(*COLUMNS, "is_asked")


def _item_count() -> QuerySet[RoundItem, tuple[int]]:
    items = RoundItem.objects.filter(round=ROUND).order_by().values("round")
    return items.annotate(count=Count("pk")).values_list("count")


def _notes() -> QuerySet[RoundNote]:
    return RoundNote.objects.filter(round=ROUND).order_by("-pk")


def _scores() -> QuerySet[Score]:
    return Score.objects.filter(ballot=Given("ballot", Ballot._meta.pk))


ASKED, ITEM_COUNT = Statement(_asked), Statement(_item_count)
NOTES, SCORES = Statement(_notes), Statement(_scores)
