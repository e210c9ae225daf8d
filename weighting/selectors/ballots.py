"""An expert's own ballot, and nobody else's."""

from dataclasses import dataclass

from weighting.models import Indicator, Invitation, Score
from weighting.selectors.rounds import asked_groups_of


@dataclass(frozen=True)
class BallotItem:
    """One question with the answer as it stands; ``answered`` tells a gap from an abstention."""

    indicator: Indicator
    value: int | None
    revision: int

    @property
    def answered(self) -> bool:
        return self.revision > 0


@dataclass(frozen=True)
class BallotSection:
    """A sibling group on the ballot; no parent for the root group."""

    parent: Indicator | None
    items: list[BallotItem]

    @property
    def answered_count(self) -> int:
        return sum(item.answered for item in self.items)


def ballot_sections(invitation: Invitation) -> list[BallotSection]:
    """Return the expert's own ballot along the tree, gaps included."""
    scores = {s.indicator_id: s for s in Score.objects.filter(ballot__invitation=invitation)}
    return [
        BallotSection(parent=parent, items=[_ballot_item(node, scores.get(node.pk)) for node in nodes])
        for parent, nodes in asked_groups_of(invitation.round)
    ]


def gaps_of(sections: list[BallotSection]) -> list[Indicator]:
    """Return the unanswered indicators in ballot order."""
    return [item.indicator for section in sections for item in section.items if not item.answered]


def answers_of(sections: list[BallotSection]) -> dict[str, int | None]:
    """Return the answers by indicator code; None is an abstention."""
    return {i.indicator.code: i.value for section in sections for i in section.items if i.answered}


def _ballot_item(node: Indicator, score: Score | None) -> BallotItem:
    return BallotItem(node, score.value if score else None, score.revision if score else 0)
