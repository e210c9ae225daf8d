"""Each expert finds their own receipt among those that count, on the page and in the manifest."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from tests.factories import make_panel, make_round
from tests.weighting.claims import FILE, sealed
from weighting.models import Ballot, WeightVersion
from weighting.selectors.rounds import receipts_of
from weighting.services import rounds
from weighting.services.rounds import close_round
from weighting.services.versions import aggregate_round, freeze_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
TOOL = Path(__file__).parents[2] / "tools" / "verify_weight_version.py"
LOST = 2


@pytest.fixture
def round_(manager):
    return make_round(manager=manager, panel=make_panel(6, owner=manager))


@pytest.fixture
def experts(round_):
    """The browsers of a panel that has sealed, each with the receipt file that it took."""
    browsers = [sealed(invitation)[0] for invitation in round_.invitations.order_by("expert__code")]
    return [(browser, browser.get(FILE).json()) for browser in browsers]


@pytest.fixture
def manifest(round_, experts, manager, tmp_path):
    """Close the round and freeze its version; return a function that gives the manifest as a file."""

    def freeze():
        aggregate_round(close_round(round_, actor=manager), actor=manager)
        version = freeze_version(WeightVersion.objects.get(round=round_), actor=manager)
        path = tmp_path / "manifest.json"
        path.write_bytes(bytes(version.manifest))
        return path

    return freeze


def listed_on_the_page(experts):
    """Tell for each expert whether their own receipt is in the list that the panel is shown."""
    pages = [browser.get(reverse("weighting:receipts")).text for browser, _receipt in experts]
    lists = [page.partition('id="receipt-list"')[2] for page in pages]
    return [receipt["receipt"] in shown for shown, (_browser, receipt) in zip(lists, experts, strict=True)]


def found_by_the_tool(experts, manifest):
    """Tell for each expert whether the outsider's tool finds the downloaded receipt in the manifest."""
    return [_finds(receipt, manifest) for _browser, receipt in experts]


def _finds(receipt, manifest):
    path = manifest.with_name("receipt.json")
    path.write_text(json.dumps(receipt))
    command = [sys.executable, "-I", "-S", str(TOOL), str(manifest), "--receipt", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ("FAILS:  the receipt is in the list" in done.stdout) == (done.returncode == 1), done.stdout
    return done.returncode == 0


def test_each_expert_finds_the_own_receipt(experts, manifest, round_):
    path = manifest()
    round_.refresh_from_db()

    assert listed_on_the_page(experts) == found_by_the_tool(experts, path) == [True] * 6
    assert receipts_of(round_) == sorted(receipt["receipt"] for _browser, receipt in experts)


def test_a_close_that_loses_a_ballot_is_found_by_its_expert_and_by_no_other(experts, manifest, monkeypatch):
    """The control: the root and the counts of such a close agree, so that the expert alone can tell."""
    unlink, lost = rounds.unlink_at_close, experts[LOST][1]["receipt"]

    def unlink_all_but_one(round_):
        ballot = Ballot.objects.get(receipt=lost)
        ballot.scores.all().delete()
        ballot.delete()
        return unlink(round_)

    monkeypatch.setattr(rounds, "unlink_at_close", unlink_all_but_one)
    path = manifest()

    expected = [place != LOST for place in range(6)]
    assert listed_on_the_page(experts) == found_by_the_tool(experts, path) == expected
