"""``manage.py rank_uncertainty``: the study of a ranking, files in, files out, no database."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from indexer.numeric.method.normalise import normalise
from indexer.numeric.scores.composite import composite_scores
from indexer.numeric.scores.ranking import min_ranks
from weighting.numeric.aggregation import aggregate_scores
from weighting.numeric.tree import build_tree

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "demo" / "report2016"
NAMES = ("rank_intervals", "rank_histogram", "summary")
FRAMEWORK = "code,parent,direction\na,,\nb,,\na1,a,1\na2,a,-1\nb1,b,1\n"
SCORES = "expert,indicator,score\n" + "".join(
    f"e{expert},{code},{1 + (3 * expert + 2 * place + expert * place) % 5}\n"
    for expert in range(6)
    for place, code in enumerate(["a", "b", "a1", "a2", "b1"])
)
WEIGHTS = "code,local_weight\na,0.5\nb,0.5\na1,0.25\na2,0.75\nb1,1\n"
DATA = "unit,a1,a2,b1\n南阳,1,2,5\n开封,3,6,5\n洛阳,2,3,6\n安阳,4,5,4\n"


@pytest.fixture
def run(tmp_path):
    """Run the command on texts; return the files it wrote by name."""

    def run(data=DATA, scores=SCORES, weights=None, out="out", draws="700", seed="0", **options):
        for name, text in {
            "framework": FRAMEWORK,
            "data": data,
            "scores": scores,
            "weights": weights,
        }.items():
            if text is not None:
                (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
                options[name] = tmp_path / f"{name}.csv"
        call_command("rank_uncertainty", out=tmp_path / out, draws=draws, seed=seed, **options)
        return {path.stem: path.read_bytes() for path in (tmp_path / out).iterdir()}

    return run


def rows_of(content):
    return list(csv.DictReader(content.decode().splitlines()))


def slow_ranks(draws):
    """The same study from the formulas: chunks of 512, each with its own child of the seed."""
    tree = build_tree(["a", "b", "a1", "a2", "b1"], ["", "", "a", "a", "b"])
    rows = [line.split(",") for line in SCORES.split()[1:]]
    scores = np.array([float(score) for _expert, _code, score in rows]).reshape(6, 5)
    values = np.array([[float(cell) for cell in line.split(",")[1:]] for line in DATA.split()[1:]])
    shares = normalise(values, method="share", directions=np.array([1, -1, 1]), codes=tree.leaf_codes)
    ranks = []
    for child in np.random.SeedSequence(0).spawn(-(-draws // 512)):
        size = min(512, draws - len(ranks))
        for experts in np.random.default_rng(child).integers(6, size=(size, 6), dtype=np.uint32):
            weights = aggregate_scores(tree, scores[experts], "normalised_sum").global_
            ranks.append(min_ranks(composite_scores(shares, weights[tree.leaves])))
    return np.array(ranks)


def test_the_files_are_those_of_the_slow_implementation(run):
    files, ranks = run(), slow_ranks(700)
    assert set(files) == set(NAMES)
    intervals, histogram = rows_of(files["rank_intervals"]), rows_of(files["rank_histogram"])
    units = ["南阳", "开封", "洛阳", "安阳"]
    assert [row["unit"] for row in intervals] == [row["unit"] for row in histogram]
    assert list(intervals[0]) == ["unit", "rank", "mean", "median", "q05", "q25", "q75", "q95", "p_top10"]
    for row, counts in zip(intervals, histogram, strict=True):
        own = ranks[:, units.index(row["unit"])]
        assert [int(counts[str(rank)]) for rank in range(1, 5)] == [(own == r).sum() for r in range(1, 5)]
        assert float(row["mean"]) == pytest.approx(own.mean())
        for name, share in (("q05", 0.05), ("q25", 0.25), ("median", 0.5), ("q75", 0.75), ("q95", 0.95)):
            assert float(row[name]) == pytest.approx(np.quantile(own, share))
    nominal = [int(row["rank"]) for row in sorted(intervals, key=lambda row: units.index(row["unit"]))]
    summary = json.loads(files["summary"])
    assert summary["r_s_mean"] == pytest.approx(np.abs(ranks - nominal).mean())
    assert (summary["seed"], summary["draws"], summary["method"]) == (0, 700, "bootstrap")


def test_one_two_and_four_workers_write_the_same_bytes(run):
    files = [run(out=f"out{workers}", draws="2500", workers=workers) for workers in (1, 2, 4)]
    assert files[0] == files[1] == files[2]


@pytest.mark.parametrize("options", [{"method": "noise", "nu": "0.5"}, {"method": "dirichlet", "kappa": "5"}])
def test_noise_and_dirichlet_start_from_weights_or_scores(run, options):
    from_weights = run(scores=None, weights=WEIGHTS, out="one", **options)
    from_scores = run(out="other", **options)
    assert from_weights["rank_histogram"] != from_scores["rank_histogram"]
    summary = json.loads(from_weights["summary"])
    name = "nu" if options["method"] == "noise" else "kappa"
    assert summary[name] == float(options[name])
    assert summary["experts"] is None


def test_the_seed_decides_and_zero_is_a_seed(run):
    one, same, other = (run(out=f"out{k}", seed=seed) for k, seed in enumerate(["0", "0", "1"]))
    assert one == same
    assert one["rank_histogram"] != other["rank_histogram"]


def test_gaps_are_reweighted_in_every_draw(run):
    files = run(data=DATA.replace("1,2,5", "1,,5"), missing="reweight")
    assert all(sum(int(row[str(k)]) for k in range(1, 5)) == 700 for row in rows_of(files["rank_histogram"]))


BAD = [
    ({"draws": "0"}, "--draws must be a whole number from 1 to 100000000, not “0”"),
    ({"draws": "1e3"}, "--draws must be a whole number"),
    ({"seed": "abc"}, "--seed must be a whole number of 0 or more, not “abc”"),
    ({"seed": "-1"}, "--seed must be a whole number of 0 or more, not “-1”"),
    ({"nu": "1.5"}, "--nu must be a number from 0 to 1, not “1.5”"),
    ({"nu": "nan"}, "--nu must be a number"),
    ({"kappa": "-3"}, "--kappa must be a number from 1e-06 to 1000000000000, not “-3”"),
    ({"workers": "0"}, "--workers must be a whole number from 1 to 256, not “0”"),
    ({"scores": None, "weights": WEIGHTS}, "The method bootstrap draws experts"),
    ({"data": DATA.replace("3,6,5", "3,x,5")}, "data.csv"),
    (
        {"data": DATA.replace("3,6,5", "3,6,0"), "aggregation": "geometric"},
        "column “b1”, value “0”: The normalised",
    ),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_what_is_wrong_is_named_and_nothing_written(run, tmp_path, options, message):
    with pytest.raises(CommandError) as caught:
        run(**options)
    assert message in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_panel_of_four_is_not_drawn_from(run, tmp_path):
    """The control has one expert more."""
    head, *rows = SCORES.splitlines(keepends=True)
    with pytest.raises(CommandError, match="needs 5 ballots that experts filled in themselves; here are 4"):
        run(scores=head + "".join(rows[: 4 * 5]))
    assert not (tmp_path / "out").exists()
    assert set(run(scores=head + "".join(rows[: 5 * 5]))) == set(NAMES)


def test_all_bad_parameters_are_named_at_once(run):
    with pytest.raises(CommandError) as caught:
        run(draws="x", seed="y", nu="z", kappa="0", workers="-1")
    assert len(str(caught.value).splitlines()) == 5


def test_from_the_command_line_without_a_database(tmp_path):
    command = [sys.executable, "manage.py", "rank_uncertainty", "--draws", "600", "--seed", "7",
               "--framework", DEMO / "framework.csv", "--data", DEMO / "data.csv",
               "--scores", DEMO / "scores.csv", "--totals", DEMO / "totals.csv",
               "--out", tmp_path / "out"]  # fmt: skip
    environment = os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    intervals = rows_of((tmp_path / "out" / "rank_intervals.csv").read_bytes())
    assert [row["unit"] for row in intervals[:2]] == ["北京市", "深圳市"]
    assert len(intervals) == 351
    assert sum(float(row["p_top10"]) for row in intervals) == pytest.approx(10)
