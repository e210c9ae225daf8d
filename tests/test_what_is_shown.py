"""The table of docs/blindness.md is what the product does: a round taken all the way, asked as everybody."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from indexer.models import Run
from indexer.services.data_sets import publish_data_set
from indexer.services.runs import compute_waiting_runs
from tests.factories import (
    make_account,
    make_framework,
    make_invitation,
    make_panel,
    make_round,
    sign_in_expert,
    sign_in_staff,
)
from tests.indexer.factories import make_data_set
from tests.indexer.study_runs import make_study
from tests.weighting.test_statistics import scores_of, set_sectors
from weighting.enums import Feedback, Role, Sector
from weighting.models import Round
from weighting.models.scoring_round import LEAST_PANEL
from weighting.selectors.panel_scores import LEAST_STUDIED
from weighting.selectors.rounds import receipts_of
from weighting.services.rounds import close_round
from weighting.services.versions import aggregate_round, freeze_version, publish_version

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).resolve().parents[1] / "docs" / "blindness.md"
STAGES = ("open", "closed", "aggregated", "frozen", "published")
COMMENT = "in my own unmistakable words"


class Story:
    """A round of ten experts, and whoever looks at it."""

    def __init__(self):
        self.manager = make_account()
        self.framework = make_framework(owner=self.manager)
        panel = make_panel(10, owner=self.manager)
        set_sectors(panel, {Sector.ACADEMIC: 5, Sector.INDUSTRY: 5})
        self.shared = {"manager": self.manager, "framework": self.framework, "panel": panel}
        self.data_set = make_data_set(self.framework, cities=6, actor=self.manager)
        self.version = self.run = self.after = None
        self.round = make_round(**self.shared, sealed=10, scores=scores_of, feedback=Feedback.GROUP)
        self.visitors = {
            "stranger": Client(),
            "expert": sign_in_expert(Client(), make_invitation(self.round)),
            "other manager": sign_in_staff(Client(), make_account(Role.MANAGER)),
            "its manager": sign_in_staff(Client(), self.manager),
            "analyst": sign_in_staff(Client(), make_account(Role.ANALYST)),
            "administrator": sign_in_staff(Client(), make_account(Role.ADMINISTRATOR)),
        }

    def reach(self, stage):
        match stage:
            case "closed":
                self.round = close_round(self.round, actor=self.manager)
                self.round.ballots.update(sealed_comments={"infra": COMMENT})
            case "aggregated":
                self.version = aggregate_round(self.round, actor=self.manager)
                follower = make_round(**self.shared, follows=Round.objects.get(pk=self.round.pk))
                self.after = sign_in_expert(Client(), make_invitation(follower))
            case "frozen":
                self.version = freeze_version(self.version, actor=self.manager)
                compute_waiting_runs(self.data_set.pk)
                self.run = Run.objects.get(weight_version=self.version)
                kinds = ("noise", "jackknife", "bootstrap")
                self.studies = {kind: make_study(self.run, kind, draws=100, nu=0.1) for kind in kinds}
            case "published":
                publish_version(self.version, actor=self.manager)
                publish_data_set(self.data_set, actor=self.manager)


def told(client, name, row, needle=""):
    """Return whether a page or an answer is given, with the needle in it; not of what there is not yet."""
    if row is None:
        return False
    answer = client.get(reverse(name, args=[row.pk]))
    return answer.status_code == 200 and needle.encode() in answer.getvalue()


def participation(story, client):
    return told(client, "weighting:round-detail", story.round)


def receipts(story, client):
    listed = receipts_of(story.round)
    if not listed:
        return False
    own = client.get(reverse("weighting:receipts"))
    places = [("weighting:round-receipts", story.round), ("weighting:version-manifest", story.version)]
    return listed[0] in own.text or any(told(client, *place, listed[0]) for place in places)


def statistics(story, client):
    return told(client, "weighting:api-round-statistics", story.round)


def sectors(story, client):
    return told(client, "weighting:api-round-statistics", story.round, '"sector":"academic"')


def comments(story, client):
    return told(client, "weighting:round-statistics", story.round, COMMENT)


def feedback(story, client):
    """The ballot of the following round, which only its experts have."""
    if client is story.visitors["expert"]:
        client = story.after
    answer = client and client.get(reverse("weighting:ballot"))
    sections = answer.context.get("sections", []) if answer and answer.context else []
    return any(card.earlier for _section, cards, _whole in sections for card, _kept in cards)


def weights(story, client):
    if not told(client, "weighting:version-detail", story.version):
        return False
    page = client.get(reverse("weighting:version-detail", args=[story.version.pk]))
    return bool(page.context["item_counts"])


def ranking(story, client):
    if not story.run:
        return False
    shown = {
        told(client, "indexer:api-ranking", story.run),
        told(client, "indexer:api-study", story.studies["noise"]),
    }
    assert len(shown) == 1
    return shown.pop()


def studies_of_experts(story, client):
    shown = {told(client, "indexer:api-study", story.studies[kind]) for kind in ("jackknife", "bootstrap")}
    assert len(shown) == 1
    return shown.pop()


def ballots(story, client):
    return told(client, "indexer:study-archive", story.studies["bootstrap"])


ROWS = {
    "who has started and who has sealed": (participation, "any"),
    "receipts and their root": (receipts, "any"),
    "counts, means and agreement of each item": (statistics, "k"),
    "means of each sector": (sectors, "k in each"),
    "comments, without their ballots": (comments, "k"),
    "medians and quartiles, in a following round that was promised them": (feedback, "k"),
    "weights, and the counts that they are made of": (weights, "k"),
    "a ranking by the weights, and studies of the weights alone": (ranking, "k"),
    "studies that draw experts or leave them out": (studies_of_experts, f"k, and {LEAST_STUDIED}"),
    "the ballots as rows of scores, sorted, in the archive of such a study": (
        ballots,
        f"k, and {LEAST_STUDIED}",
    ),
}


def written_table():
    first_part = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    lines = [line for line in first_part.splitlines() if line.startswith("| ")]
    head, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


def test_the_table_says_from_when_on_everybody_is_shown_what():
    story = Story()
    seen = {what: dict.fromkeys(story.visitors, "never") for what in ROWS}
    for stage in STAGES:
        story.reach(stage)
        for what, (look, _least) in ROWS.items():
            if look in (studies_of_experts, ballots) and story.run is None:
                continue
            for visitor, client in story.visitors.items():
                if look(story, client):
                    seen[what][visitor] = stage if seen[what][visitor] == "never" else seen[what][visitor]
                else:
                    assert seen[what][visitor] == "never", f"{what}: {visitor} no longer sees it, {stage}"
    found = {what: seen[what] | {"from how many": least} for what, (_look, least) in ROWS.items()}
    assert found == written_table()

    # From how many: of a round that was given fewer, one ballot after another is taken away.
    Round.objects.filter(pk=story.round.pk).update(minimum_panel=2)
    manager = story.visitors["its manager"]
    held = {"statistics": (statistics, LEAST_PANEL), "studies": (studies_of_experts, LEAST_STUDIED)}
    held |= {"feedback": (feedback, LEAST_PANEL), "ballots": (ballots, LEAST_STUDIED)}
    for size in (LEAST_STUDIED, LEAST_PANEL, LEAST_PANEL - 1):
        kept = list(story.round.ballots.values_list("pk", flat=True)[:size])
        Round.objects.get(pk=story.round.pk).ballots.exclude(pk__in=kept).delete()
        for name, (look, least) in held.items():
            client = story.visitors["expert"] if look is feedback else manager
            assert look(story, client) == (size >= least), f"{name} of {size}"


def test_the_page_states_the_numbers_of_the_code():
    words = re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))
    default = Round._meta.get_field("minimum_panel").default
    assert f"{default} unless its manager chose otherwise, and {LEAST_PANEL} at least" in words
    assert f"held against {LEAST_PANEL}." in words
    assert f"towards k and towards the {LEAST_STUDIED}." in words
