"""`verify_versions` on whole stores and on every kind of broken one, on both databases."""

import json
import random
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_account, make_framework, make_round
from tests.indexer.factories import make_version
from weighting import immutability
from weighting.enums import RoundState
from weighting.manifest import canonical_json, hash_bytes
from weighting.models import Framework, NodeWeight, WeightVersion
from weighting.selectors.version_chain import Head, all_heads
from weighting.selectors.version_store import check_store
from weighting.services.versions import draft_correction, freeze_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

# Of a version that every database freezes alike; another hash means that old manifests changed.
GOLDEN = "58c02dd3d637ff4dead624b3d8de2064f9688f5795d1ab6d821ff0238e61ee96"


@pytest.fixture(scope="module")
def made(undone_after_the_file):
    manager = make_account()
    round_ = make_round(state=RoundState.AGGREGATED, manager=manager)
    first = freeze_version(WeightVersion.objects.get(round=round_), actor=manager)
    second = make_version(round_.framework, tilt=1)
    draft = draft_correction(first, reason="Misread.", actor=manager)
    return [first, second, freeze_version(draft, actor=manager)]


@pytest.fixture
def chain(made):
    """Three versions, of a round, imported, and a correction of the first: a copy for each test."""
    return deepcopy(made)


def faults(**options):
    return [text for holds, text in check_store(**options) if not holds]


@contextmanager
def without_triggers():
    """Let somebody in who owns the database, and hide the traces."""
    connection.check_constraints()  # PostgreSQL alters no table while checks are waiting
    immutability.drop_triggers("default")
    yield
    connection.check_constraints()
    immutability.install_triggers("default")


def break_in(version, **columns):
    with without_triggers():
        WeightVersion.objects.filter(pk=version.pk).update(**columns)


def test_a_whole_store_holds(chain, capsys):
    make_framework()
    call_command("verify_versions")

    said = capsys.readouterr().out
    assert "Everything holds." in said
    assert said.count("is what it was frozen as") == 3
    assert "FAILS" not in said


def test_a_longer_chain_is_read_by_as_many_statements(chain):
    before, _found = look_through()
    for tilt in (2, 3, 4):
        make_version(chain[0].framework, tilt=tilt)
    assert look_through()[0] == before


def test_more_frameworks_are_read_by_as_many_statements(chain):
    before, _found = look_through()
    others = [make_framework() for _ in range(3)]
    make_version(others[1], tilt=2)

    after, found = look_through()

    assert after == before
    whole = [f"framework {each.pk} has every version from 1 to {int(each == others[1])}" for each in others]
    assert [text for text in found if text in whole] == whole
    assert f"framework {others[1].pk}, version 1 is what it was frozen as" in found


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_versions_that_are_read_some_at_a_time_are_all_looked_at(chain, monkeypatch, at_once):
    """A store of a thousand is read a hundred at a time: none is passed over in any piece."""
    monkeypatch.setattr("weighting.selectors.version_store.AT_ONCE", at_once)
    _asked, found = look_through()
    assert sum(text.endswith("is what it was frozen as") for text in found) == 3

    for version in chain:
        break_in(version, label_en="Other")
    assert sum("is what it was frozen as" in text for text in faults()) == 3


def look_through():
    """Return how many statements a look through a whole store takes, and what it said."""
    with CaptureQueriesContext(connection) as asked:
        found = list(check_store())
    assert all(holds for holds, _text in found)
    return len(asked), [text for _holds, text in found]


def test_an_empty_store_holds():
    assert faults() == []


def test_a_lost_trigger_is_named():
    immutability.drop_triggers("default")

    assert f"keep_{immutability.VERSION}_update" in faults()[0]


def test_a_broken_store_exits_with_1_and_plain_words(chain, capsys):
    break_in(chain[1], label_en="Other")

    with pytest.raises(CommandError, match="Checks that fail: 1") as error:
        call_command("verify_versions")
    assert error.value.returncode == 1
    assert "its column for label_en says 'Other', its manifest 'Version" in capsys.readouterr().out


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_sampled_flip_of_a_byte_is_noticed(chain, place):
    content = bytes(chain[place].manifest)
    for at in random.Random(place).sample(range(len(content)), 5):
        flipped = bytes([*content[:at], content[at] ^ 1, *content[at + 1 :]])
        break_in(chain[place], manifest=flipped)
        assert faults(), at
        # The hash made anew hides it from the row alone, not from the weights, columns and chain.
        break_in(chain[place], manifest=flipped, manifest_hash=hash_bytes(flipped))
        assert faults() if place < 2 else faults(heads=[head_of(chain[2])]), at


def head_of(version):
    return Head(version.framework.sha256, version.number, version.manifest_hash)


def test_a_changed_weight_is_named(chain):
    with without_triggers():
        NodeWeight.objects.filter(version=chain[1], indicator__code="travel").update(local_weight=0.4)

    (fault,) = faults()
    assert "version 2" in fault
    assert "not those of its manifest (not: travel)" in fault


def test_a_lost_weight_is_named(chain):
    with without_triggers():
        NodeWeight.objects.filter(version=chain[1], indicator__code="travel").delete()

    assert "(not: travel)" in faults()[0]


def test_a_version_that_contradicts_its_counts_is_found_even_when_all_else_agrees(chain):
    """The forger rewrites manifest, hash and rows; the counts still give other weights."""
    manifest = json.loads(bytes(chain[0].manifest))
    counts = manifest["round"]["counts"]["infra"]
    counts[0], counts[4] = counts[4] + 5, counts[0]
    forged = canonical_json(manifest)
    break_in(chain[0], manifest=forged, manifest_hash=hash_bytes(forged))

    assert any("the local weights follow from the counts" in fault for fault in faults())


def test_a_gap_in_the_chain_is_noticed(chain):
    with without_triggers():
        chain[1].delete()

    assert any("every version from 1 to 3 (not: 2)" in fault for fault in faults())


def test_a_cut_tail_is_noticed_by_the_published_head_alone(chain, tmp_path):
    heads = tmp_path / "heads.json"
    heads.write_text(json.dumps([vars(head) for head in all_heads()]))
    call_command("verify_versions", heads=str(heads), verbosity=0)
    with without_triggers():
        chain[2].delete()

    assert faults() == []  # the control: from inside, a shorter chain is a whole one
    with pytest.raises(CommandError):
        call_command("verify_versions", heads=str(heads), verbosity=0)
    assert "the chain ends at 2, its tail is cut off" in faults(heads=[head_of(chain[2])])[0]


def test_a_version_frozen_anew_after_the_cut_is_noticed_by_the_head(chain):
    with without_triggers():
        chain[2].delete()
    make_version(chain[0].framework, tilt=2)

    assert faults() == []
    assert "version 3 was published with hash" in faults(heads=[head_of(chain[2])])[0]


def test_a_framework_gone_with_its_chain_is_noticed_by_its_head():
    assert "which is not here" in faults(heads=[Head("f" * 64, 1, "0" * 64)])[0]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"number": 1}]'])
def test_a_file_that_lists_no_heads_is_refused(content, tmp_path):
    path = tmp_path / "heads.json"
    path.write_text(content)
    if content == "{}":
        path.write_text('{"a": 1}')

    with pytest.raises(CommandError, match="does not list heads"):
        call_command("verify_versions", heads=str(path))


def test_the_printed_heads_are_what_the_check_reads(chain, tmp_path, capsys):
    call_command("verify_versions", print_heads=True)
    path = tmp_path / "heads.json"
    path.write_text(capsys.readouterr().out)

    call_command("verify_versions", heads=str(path), verbosity=0)
    assert json.loads(path.read_text())[0]["number"] == 3


def test_the_same_version_has_the_same_bytes_on_every_database(monkeypatch):
    """One hash is written here; it holds on SQLite and on PostgreSQL."""
    monkeypatch.setattr(timezone, "now", lambda: datetime(2016, 11, 22, 8, 30, 0, 123456, tzinfo=UTC))
    framework = make_framework()
    Framework.objects.filter(pk=framework.pk).update(sha256="ab" * 32)
    framework.refresh_from_db()
    version = make_version(framework, tilt=0.37)
    content = json.loads(bytes(version.manifest))
    content |= {"label_zh": "版本", "label_en": "Version", "code_version": "1"}

    assert content["frozen_at"] == "2016-11-22T08:30:00+00:00"
    assert hash_bytes(canonical_json(content)) == GOLDEN
