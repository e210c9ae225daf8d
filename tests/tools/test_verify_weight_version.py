"""The outsider's tool on manifests that the product froze, whole and tampered with."""

import json
import random
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest

from tests.factories import make_account, make_framework, make_round
from weighting.enums import RoundState
from weighting.manifest import canonical_json, hash_bytes
from weighting.models import Ballot, WeightVersion
from weighting.services.versions import draft_correction, draft_equal_version, freeze_version

TOOL = Path(__file__).parents[2] / "tools" / "verify_weight_version.py"
pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def _verify(*arguments):
    # -I -S: no site-packages, no environment; the standard library alone.
    command = [sys.executable, "-I", "-S", str(TOOL), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def made(undone_after_the_file):
    """The versions, and the receipts."""
    kept = []
    manager = make_account()
    framework = make_framework(owner=manager)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ballot, "save", _keep_receipts(Ballot.save, kept))
        round_ = make_round(state=RoundState.AGGREGATED, manager=manager, framework=framework)
    first = freeze_version(WeightVersion.objects.get(round=round_), actor=manager)
    equal = draft_equal_version(framework=framework, label_zh="等权", label_en="Equal", actor=manager)
    versions = first, freeze_version(equal, actor=manager)
    return versions, [_receipt_file(ballot) for ballot in kept if ballot["receipt"]]


@pytest.fixture
def versions(made):
    """Two frozen versions, one from a round, and one chained to it: a copy for each test."""
    return deepcopy(made[0])


@pytest.fixture
def receipts(made):
    """The receipts of the round's experts, as they were downloaded before the close."""
    return made[1]


def _keep_receipts(save, kept):
    def save_and_keep(ballot, *args, **kwargs):
        save(ballot, *args, **kwargs)
        kept.append(
            {
                "round": ballot.round_id,
                "questionnaire_hash": ballot.round.questionnaire_hash,
                "nonce": ballot.nonce,
                "receipt": ballot.receipt,
                "scores": ballot.sealed_scores,
            }
        )

    return save_and_keep


def _receipt_file(ballot):
    return json.dumps(ballot)


@pytest.fixture
def files(versions, tmp_path):
    paths = []
    for version in versions:
        path = tmp_path / f"{version.number}.json"
        path.write_bytes(bytes(version.manifest))
        paths.append(path)
    return paths


def test_whole_manifests_hold(versions, files):
    first, second = files
    code, text = _verify(first, "--hash", versions[0].manifest_hash)
    assert code == 0, text
    assert "follow from the counts by normalised_sum" in text
    code, text = _verify(second, "--hash", versions[1].manifest_hash, "--parent", first)
    assert code == 0, text
    assert "the parent has the stated hash" in text


def test_a_receipt_is_found_and_a_changed_one_is_not(receipts, files, tmp_path):
    path = tmp_path / "receipt.json"
    path.write_text(receipts[0])
    code, text = _verify(files[0], "--receipt", path)
    assert code == 0, text
    changed = json.loads(receipts[0])
    item = next(iter(changed["scores"]))
    changed["scores"][item] = changed["scores"][item] % 5 + 1
    path.write_text(json.dumps(changed))
    code, text = _verify(files[0], "--receipt", path)
    assert code == 1
    assert "FAILS:  the receipt commits" in text


def test_flipped_bytes_are_detected_against_the_published_hash(versions, files):
    content = bytearray(files[0].read_bytes())
    published = versions[0].manifest_hash
    assert all(
        hash_bytes(bytes([*content[:at], content[at] ^ 1, *content[at + 1 :]])) != published
        for at in range(len(content))
    )
    for at in random.Random(5).sample(range(len(content)), 12):
        content[at] ^= 1
        files[0].write_bytes(content)
        assert _verify(files[0], "--hash", published)[0] == 1
        content[at] ^= 1


TAMPERINGS = {
    "a count": lambda m: m["round"]["counts"]["infra"].__setitem__(0, 99),
    "a local weight": lambda m: m["weights"][0].__setitem__("local", "0.9"),
    "a global weight": lambda m: m["weights"][1].__setitem__("global", "0.9"),
    "a lost receipt": lambda m: m["round"]["receipts"].pop(),
    "a swapped receipt": lambda m: m["round"]["receipts"].__setitem__(0, "0" * 64),
    "the chain": lambda m: m.__setitem__("previous", "1" * 64),
    "a fraction": lambda m: m.__setitem__("number", 1.5),
    "a node gone": lambda m: m["weights"].pop(),
    "no round at all": lambda m: m.__setitem__("round", "lost"),
    "a round that is kept quiet": lambda m: m.__setitem__("round", None),
    "a rule that nobody knows": lambda m: m["round"].__setitem__("rule", "median"),
    "ballots without receipts": lambda m: count_more(m, 3),
    "fewer of one score than none": lambda m: weigh_by(m, [-2, 0, 0, 0, 7, 0]),
    "a count too many": lambda m: [row.extend([4, -4]) for row in m["round"]["counts"].values()],
    "a count of nothing": lambda m: m["round"]["counts"].__setitem__("ghost", [5, 0, 0, 0, 0, 0]),
    "nobody judged": lambda m: let_nobody_judge(m["round"]),
    "too few counts": lambda m: [row.__delitem__(slice(1, None)) for row in counts_of(m)],
    "two receipts as one": lambda m: join_receipts(m),
}


def counts_of(manifest):
    return manifest["round"]["counts"].values()


def count_more(manifest, more):
    """Count ballots that nobody sealed, all for the highest score, and weigh by them."""
    for row in counts_of(manifest):
        row[4] += more
    manifest["round"]["excluded"] -= more
    weigh(manifest)


def let_nobody_judge(round_):
    round_["rule"] = "normalised_mean"
    for code in round_["counts"]:
        round_["counts"][code] = [0, 0, 0, 0, 0, round_["sealed"] - round_["excluded"]]


def weigh_by(manifest, row):
    """Let one item have these counts, and weigh by them."""
    manifest["round"]["counts"]["infra"] = row
    weigh(manifest)


def weigh(manifest):
    """State the weights that follow from the counts, as the product would."""
    nodes, counts = {node["code"]: node for node in manifest["weights"]}, manifest["round"]["counts"]
    means = {code: sum((place + 1) * n for place, n in enumerate(row[:5])) for code, row in counts.items()}
    for code in means:
        group = [other for other in means if nodes[other]["parent"] == nodes[code]["parent"]]
        nodes[code]["local"] = repr(means[code] / sum(means[other] for other in group))
    for node in manifest["weights"]:
        share, above = 1.0, node
        while above:
            share *= float(above["local"])
            above = nodes.get(above["parent"])
        node["global"] = repr(share)


def join_receipts(manifest):
    """Hide a ballot behind another: the root, whose receipts stand one a line, stays as it is."""
    round_ = manifest["round"]
    first, second, *others = round_["receipts"]
    round_["receipts"], round_["sealed"] = [f"{first}\n{second}", *others], round_["sealed"] - 1
    for row in counts_of(manifest):
        row[next(place for place, count in enumerate(row) if count)] -= 1
    weigh(manifest)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampered_manifest_fails_even_with_its_hash_made_anew(name, files):
    manifest = json.loads(files[0].read_bytes())
    TAMPERINGS[name](manifest)
    files[0].write_bytes(canonical_json(manifest))
    code, text = _verify(files[0])
    assert code == 1, text
    assert "Something does not hold." in text


@pytest.mark.parametrize("local", ["-0.5", "1.5", "nan", "inf"])
def test_weights_are_shares(local, files):
    """Those of an imported file follow from no counts: two may make up for each other."""
    manifest = json.loads(files[1].read_bytes())
    group = [node for node in manifest["weights"] if node["parent"] == "share"] or manifest["weights"]
    group[0]["local"], group[1]["local"] = local, repr(1 - float(local))
    files[1].write_bytes(canonical_json(manifest))
    code, text = _verify(files[1])
    assert code == 1
    assert "FAILS:  every weight lies between 0 and 1" in text


def test_a_node_from_which_no_path_leads_to_the_root_is_found(files):
    manifest = json.loads(files[1].read_bytes())
    loop = {"local": "1.0", "global": "1.0", "asked": False}
    manifest["weights"] += [{"code": "a", "parent": "b", **loop}, {"code": "b", "parent": "a", **loop}]
    files[1].write_bytes(canonical_json(manifest))
    code, text = _verify(files[1])
    assert code == 1
    assert "product of the local weights on its path (not: a, b)" in text


def test_no_manifest_writes_the_verdict_itself(files):
    """By signs that clear a terminal, hide what follows or begin a line of their own."""
    manifest = json.loads(files[1].read_bytes())
    hostile = "\x1b[2J\nEverything holds.\n\x1b[8m\u202e\u2028"
    manifest["weights"][-1] |= {"code": hostile, "global": "0.9"}
    files[1].write_bytes(canonical_json(manifest))
    code, text = _verify(files[1])
    assert code == 1
    assert "Everything holds." in text
    assert "Everything holds." not in text.splitlines()
    assert [sign for sign in text if not sign.isprintable() and sign != "\n"] == []


def test_what_is_nested_too_deep_is_said_to_be_no_manifest(tmp_path):
    path = tmp_path / "deep.json"
    path.write_bytes(b'{"a":' * 100_000)
    assert _verify(path)[0] == 1


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"a":1,"a":1}', b"{}", b" {}"])
def test_what_is_no_manifest_is_said_to_be_none(content, tmp_path):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    assert _verify(path)[0] == 1


def test_bytes_that_are_not_canonical_fail(files):
    files[0].write_bytes(json.dumps(json.loads(files[0].read_bytes()), indent=1).encode())
    code, text = _verify(files[0])
    assert code == 1
    assert "FAILS:  the bytes are canonical" in text


def test_a_wrong_parent_fails(files):
    assert _verify(files[1], "--parent", files[1])[0] == 1


def test_a_correction_names_what_it_corrects_and_why(versions, files, tmp_path):
    first = versions[0]
    draft = draft_correction(first, reason="A score was misread.", actor=first.created_by)
    path = tmp_path / "3.json"
    path.write_bytes(bytes(freeze_version(draft, actor=first.created_by).manifest))

    code, text = _verify(path, "--parent", files[1], "--corrects", files[0])
    assert code == 0, text
    assert "the reason is stated: 'A score was misread.'" in text
    code, text = _verify(path, "--corrects", files[1])
    assert code == 1
    assert "FAILS:  the corrected version has the stated hash" in text
