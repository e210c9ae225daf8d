"""``manage.py compute_index``: files in, files out, no database."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from indexer.management.commands import compute_index

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "demo" / "report2016"
FRAMEWORK = "code,parent,direction\na,,\nb,,\na1,a,1\na2,a,-1\nb1,b,1\n"
SCORES = "expert,indicator,score\ne1,a,5\ne1,b,3\ne1,a1,1\ne1,a2,3\ne2,a,1\ne2,b,3\ne2,a1,1\ne2,a2,3\n"
WEIGHTS = "code,local_weight\na,0.5\nb,0.5\na1,0.25\na2,0.75\nb1,1\n"
# Shares: a1 .25 .75 of 4; a2 reflects 2, 6 to 6, 2, shares .75 .25; b1 .5 .5.
DATA = "unit,a1,a2,b1\n南阳,1,2,5\n开封,3,6,5\n"


@pytest.fixture
def run(tmp_path):
    """Run the command on texts; return each output file as rows."""

    def run(data=DATA, framework=FRAMEWORK, scores=None, weights=None, totals=None, **options):
        given = {"framework": framework, "data": data, "scores": scores, "weights": weights, "totals": totals}
        for name, text in given.items():
            if text is not None:
                (tmp_path / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
                options[name] = tmp_path / f"{name}.csv"
        call_command("compute_index", out=tmp_path / "out", **options)
        return {path.stem: rows_of(path) for path in (tmp_path / "out").iterdir()}

    return run


@pytest.fixture
def refusal(run, tmp_path):
    """Return the lines of the complaint, having checked that nothing was written."""

    def refusal(**options):
        with pytest.raises(CommandError) as caught:
            run(**options)
        assert not (tmp_path / "out").exists()
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return refusal


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def numbers(row):
    return [float(cell) for cell in row[1:]]


def test_by_hand(run):
    files = run(scores=SCORES)
    assert sorted(files) == ["nodes", "ranking", "weights"]
    # Sums: a 6, b 6; a1 2, a2 6; nobody was asked about b1, alone in its group.
    assert files["weights"] == [
        ["code", "parent", "local_weight", "global_weight"],
        ["a", "", "0.5", "0.5"],
        ["b", "", "0.5", "0.5"],
        ["a1", "a", "0.25", "0.125"],
        ["a2", "a", "0.75", "0.375"],
        ["b1", "b", "1.0", "0.5"],
    ]
    # Nanyang: a = .25 * 25 + .75 * 75 = 62.5; T = .5 * 62.5 + .5 * 50 = 56.25
    assert files["nodes"][0] == ["unit", "a", "b", "a1", "a2", "b1"]
    assert numbers(files["nodes"][1]) == pytest.approx([62.5, 50, 25, 75, 50], rel=1e-14)
    assert files["ranking"][0] == ["unit", "score", "rank"]
    assert [(row[0], row[2]) for row in files["ranking"][1:]] == [("南阳", "1"), ("开封", "2")]
    assert [float(row[1]) for row in files["ranking"][1:]] == pytest.approx([56.25, 43.75], rel=1e-14)


def test_weights_and_scores_that_say_the_same_give_the_same(run):
    assert run(scores=SCORES) == run(weights=WEIGHTS)
    assert run(weights="code,global_weight\na1,0.125\na2,0.375\nb1,0.5\n") == run(weights=WEIGHTS)


def test_totals_take_in_places_outside_the_sample(run):
    files = run(weights=WEIGHTS, totals="code,total\nb1,20\n")
    assert numbers(files["nodes"][1])[1] == pytest.approx(25, rel=1e-14)


@pytest.mark.parametrize(
    ("options", "score"),
    [
        ({"normalisation": "minmax"}, 37.5 + 0),
        ({"normalisation": "rank"}, 0.5 * (0.25 * 50 + 0.75 * 100) + 0.5 * 50),
        ({"normalisation": "none"}, 50 * (0.25 * 1 + 0.75 * 2) + 50 * 4),
        ({"normalisation": "zscore"}, 100 * (0.5 * (-0.25 + 0.75) - 0.5)),
        ({"negative": "reciprocal"}, 0.5 * (0.25 * 25 + 0.75 * 75) + 0.5 * 400 / 9),
        ({"aggregation": "geometric"}, 100 * 0.25**0.125 * 0.75**0.375 * (4 / 9) ** 0.5),
    ],
)
def test_every_method_by_hand(run, options, score):
    files = run(data=DATA.replace("南阳,1,2,5", "南阳,1,2,4"), weights=WEIGHTS, **options)
    ranking = {row[0]: float(row[1]) for row in files["ranking"][1:]}
    assert ranking["南阳"] == pytest.approx(score, rel=1e-12)


@pytest.mark.parametrize(
    ("missing", "score"),
    [
        # a1 of Nanyang is missing. Reweight: a = a2 alone, 75.
        ("reweight", 0.5 * 75 + 0.5 * 50),
        ("zero", 0.5 * (0.25 * 0 + 0.75 * 75) + 0.5 * 50),
        # The mean over the cities present is 3: the share is half.
        ("mean", 0.5 * (0.25 * 50 + 0.75 * 75) + 0.5 * 50),
    ],
)
def test_every_policy_for_missing_values_by_hand(run, missing, score):
    files = run(data=DATA.replace("南阳,1", "南阳,"), weights=WEIGHTS, missing=missing)
    assert float(dict(row[:2] for row in files["ranking"])["南阳"]) == pytest.approx(score, rel=1e-14)


def test_a_default_that_nobody_chose_is_named_with_the_rates_that_it_adds_up(run, capsys):
    framework = "code,parent,direction,unit\na,,,\nb,,,\na1,a,1,\na2,a,-1,%\nb1,b,1,count/yr\n"
    run(framework=framework, weights=WEIGHTS)
    said = capsys.readouterr().out
    assert "share, the default" in said
    assert "a share says little: a2." in said
    run(framework=framework, weights=WEIGHTS, normalisation="share")
    assert "share, the default" not in capsys.readouterr().out


def test_abstentions_change_the_rule_aloud(run, refusal, capsys):
    scores = SCORES.replace("e1,a,5", "e1,a,")
    assert refusal(scores=scores, rule="normalised_sum") == [
        "scores.csv, row 2, column “score”, empty cell: The rule normalised_sum needs every score. "
        "Fill it in or use --rule normalised_mean."
    ]
    files = run(scores=scores)
    assert files["weights"][1][2] == "0.25"
    assert "normalised_mean" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["gbk", "utf-8-sig"])
def test_other_encodings_and_attributes(run, encoding):
    data = (
        DATA.replace("unit,", "unit,省份,").replace("南阳,", "南阳,河南省,").replace("开封,", "开封,河南省,")
    )
    assert run(data=data.encode(encoding), weights=WEIGHTS, attributes="省份") == run(weights=WEIGHTS)


def test_all_problems_of_all_files_at_once(refusal):
    complaints = refusal(
        framework=FRAMEWORK + "b1,b,1\n",
        data="unit,a1,a3,b1\n南阳,1,,5\n南阳,-3,6,x\n",
        scores="expert,indicator,score\ne1,a,6\ne1,z,1\n",
        totals="code,total\nb1,0\n",
    )
    assert [line.split(":")[0] for line in complaints] == [
        "framework.csv, row 7, column “code”, value “b1”",
        "scores.csv, row 2, column “score”, value “6”",
        "scores.csv, row 3, column “indicator”, value “z”",
        "totals.csv, row 2, column “total”, value “0”",
        "data.csv, row 1, column “a3”, value “a3”",
        "data.csv, row 1, column “a2”",
        "data.csv, row 3, column “unit”, value “南阳”",
        "data.csv, row 3, column “b1”, value “x”",
        "data.csv, row 3, column “a1”, value “-3”",
    ]


def test_a_city_with_nothing_of_any_weight_is_named(refusal):
    weights = WEIGHTS.replace("a,0.5\nb,0.5", "a,0\nb,1")
    data = DATA.replace("南阳,1,2,5", "南阳,1,2,")
    assert refusal(data=data, weights=weights, missing="reweight") == [
        "nothing of any weight is present: 南阳"
    ]


def test_geometric_means_of_zeros_are_refused_by_name(refusal):
    data = DATA.replace("南阳,1", "南阳,0")
    (line,) = refusal(data=data, weights=WEIGHTS, aggregation="geometric")
    assert line.startswith("data.csv, row 2, column “a1”, value “0”: The normalised value is not above zero")
    assert "a floor such as 0.01" in line


def test_a_failed_write_leaves_the_old_results(run, tmp_path, monkeypatch):
    before = run(weights=WEIGHTS)

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compute_index, "write_nodes", fail)
    with pytest.raises(CommandError, match="No space left"):
        run(weights=WEIGHTS, normalisation="rank")
    assert {path.stem: rows_of(path) for path in (tmp_path / "out").iterdir()} == before


def manage(*arguments):
    """A process of its own, whose database cannot be reached."""
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "DJANGO_LOG_LEVEL": "ERROR",
    }
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    command = [sys.executable, "manage.py", "compute_index", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_demo_without_a_database(tmp_path):
    done = manage(
        "--framework", DEMO / "framework.csv", "--data", DEMO / "data.csv", "--totals", DEMO / "totals.csv",
        "--weights", DEMO / "weights_implied.csv", "--out", tmp_path / "new" / "folder",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    ranking = {row[0]: row[1:] for row in rows_of(tmp_path / "new" / "folder" / "ranking.csv")[1:]}
    published = [row for row in rows_of(DEMO / "published.csv")[1:] if not row[1]]
    assert len(published) == len(ranking) == 351
    assert max(abs(float(ranking[unit][0]) - float(value)) for unit, _, value, _ in published) < 0.00005
    assert all(ranking[unit][1] == rank for unit, _, _, rank in published)


@pytest.mark.parametrize(
    "sources", [[], ["--scores", "S.csv", "--weights", "W.csv"], ["--scores", "absent.csv"]]
)
def test_bad_calls_exit_with_a_message(tmp_path, sources):
    done = manage(
        "--framework",
        DEMO / "framework.csv",
        "--data",
        DEMO / "data.csv",
        *sources,
        "--out",
        tmp_path / "out",
    )
    assert done.returncode != 0
    assert "error" in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


PEOPLE = "unit,a1,a2,b1,people\n南阳,1,2,5,1\n开封,3,6,5,3\n"


def test_a_leaf_is_divided_by_a_further_column_or_by_another_leaf(run):
    # Per head a1 is 1, 1: shares .5, .5 in place of .25, .75.
    per_head = run(data=PEOPLE, weights=WEIGHTS, denominator=["a1=people"])["nodes"]
    # a1 / a2 is .5, .5 as well.
    per_leaf = run(weights=WEIGHTS, denominator=["a1=a2"])["nodes"]

    for nodes in (per_head, per_leaf):
        assert [numbers(row)[nodes[0].index("a1") - 1] for row in nodes[1:]] == [50, 50]


def test_outliers_are_treated_on_request(run):
    rows = "".join(f"c{n},{value},1,1\n" for n, value in enumerate([*range(1, 11), 30, 100]))
    data = f"unit,a1,a2,b1\n{rows}"

    kept = run(data=data, weights=WEIGHTS)["nodes"]
    drawn_in = run(data=data, weights=WEIGHTS, outliers="winsorise")["nodes"]

    place = kept[0].index("a1")
    assert float(kept[-1][place]) == pytest.approx(100 * 100 / 185)
    # COINr's example: the largest of 1 to 10, 30 and 100 becomes 30, and the sum 115.
    assert [float(row[place]) for row in drawn_in[-2:]] == pytest.approx([100 * 30 / 115] * 2)


def test_denominators_that_divide_nothing_are_named(run, refusal):
    assert refusal(data=PEOPLE, weights=WEIGHTS, denominator=["x=people"]) == [
        "The framework has no such leaf. Correct the code. (x)"
    ]
    zero = PEOPLE.replace("5,1\n", "5,0\n")
    assert refusal(data=zero, weights=WEIGHTS, denominator=["a1=people"]) == [
        "the denominator of a1 is zero or negative for 南阳"
    ]
    words = refusal(data=PEOPLE.replace("5,3\n", "5,many\n"), weights=WEIGHTS, denominator=["a1=people"])
    assert words[0].startswith("people, 开封:")
