"""A round may leave out ballots of one score: its experts are told before, while and after they seal one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from tests.factories import fill_ballot, make_invitation, make_panel, make_round
from tests.weighting.claims import FILE, RECEIPT, begun
from weighting.enums import ExclusionRule
from weighting.models import WeightVersion
from weighting.services.rounds import close_round
from weighting.services.versions import aggregate_round, freeze_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
TOOL = Path(__file__).parents[2] / "tools" / "verify_weight_version.py"
BALLOT, REVIEW, SEAL, TERMS, LIST = (
    reverse(f"weighting:{name}")
    for name in ("ballot", "ballot-review", "ballot-seal", "ballot-terms", "receipts")
)
LEFT_OUT = {
    TERMS: "left out of the weights",
    REVIEW: "would be left out",
    BALLOT: "Sealed, but left out of the weights",
    RECEIPT: "Sealed, but left out of the weights",
}
COUNTED = {
    REVIEW: "Your answers as they stand now count",
    BALLOT: "It counts as it stands",
    RECEIPT: "your sealed ballot is among those counted",
}


def sealed_by(manager, exclusion, score):
    """Return a round of seven with that rule, and the browser of an expert who gave every item the score."""
    round_ = make_round(manager=manager, panel=make_panel(7, owner=manager), exclusion=exclusion)
    invitation = make_invitation(round_)
    expert, _token = begun(invitation)
    fill_ballot(invitation, scores=score)
    pages = {REVIEW: expert.get(REVIEW).text}
    assert expert.post(SEAL)["Location"] == RECEIPT
    return round_, expert, pages | {page: expert.get(page).text for page in (TERMS, BALLOT, RECEIPT, LIST)}


def test_an_expert_is_told_of_the_rule_before_and_after_sealing(manager):
    round_, expert, pages = sealed_by(manager, ExclusionRule.UNIFORM, lambda _code: 3)
    assert {page: said in pages[page] for page, said in LEFT_OUT.items()} == dict.fromkeys(LEFT_OUT, True)
    assert not any(said in pages[page] for page, said in COUNTED.items())

    close_round(round_, actor=manager)
    assert "it counts, unless it gives every indicator the same score" in expert.get(BALLOT).text
    assert "was counted, unless it gives every indicator the same score" in expert.get(LIST).text


@pytest.mark.parametrize(
    ("exclusion", "score"),
    [
        (ExclusionRule.NONE, lambda _code: 3),
        (ExclusionRule.UNIFORM, lambda code: 4 if code == "infra" else 3),
    ],
)
def test_a_ballot_that_counts_is_told_that_it_counts(manager, exclusion, score):
    _round, _expert, pages = sealed_by(manager, exclusion, score)
    assert {page: said in pages[page] for page, said in COUNTED.items()} == dict.fromkeys(COUNTED, True)
    assert not any("Sealed, but left out" in page or "would be left out" in page for page in pages.values())


def test_the_tool_tells_a_ballot_that_counts_from_one_that_is_listed_and_left_out(manager, tmp_path):
    round_ = make_round(manager=manager, panel=make_panel(7, owner=manager), exclusion=ExclusionRule.UNIFORM)
    receipts = []
    for place, invitation in enumerate(round_.invitations.order_by("expert__code")):
        expert, _token = begun(invitation)
        fill_ballot(invitation, scores=None if place else lambda _code: 3)
        expert.post(SEAL)
        receipts.append(expert.get(FILE).json())
    aggregate_round(close_round(round_, actor=manager), actor=manager)
    version = freeze_version(WeightVersion.objects.get(round=round_), actor=manager)
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(bytes(version.manifest))

    said = []
    for receipt in receipts[:2]:
        path = tmp_path / "receipt.json"
        path.write_text(json.dumps(receipt))
        command = [sys.executable, "-I", "-S", str(TOOL), str(manifest), "--receipt", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        said.append(done.stdout)
    assert ["leaves this ballot out" in text for text in said] == [True, False]
    assert ["this ballot is counted" in text for text in said] == [False, True]
