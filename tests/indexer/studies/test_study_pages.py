"""The pages of studies: asking, progress, every kind's answer, pairs, files, and who sees what."""

import csv
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from django.conf import settings
from django.urls import reverse

from indexer.enums import RunStatus, StudyKind, StudyStatus
from indexer.models import Run, Study
from indexer.selectors.studies import result_of_study
from indexer.services import study_archive
from indexer.services.data_sets import publish_data_set
from indexer.services.methods import use_method
from indexer.services.runs import compute_waiting_runs
from indexer.services.studies import count_waiting_parts
from indexer.studies.base import base_of
from indexer.studies.registry import kind_of
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.finished_runs import make_runs, random_values
from tests.indexer.numeric.oracles import count_ranks
from tests.indexer.studies.test_studies import QUESTIONS, plan_of_study
from tests.indexer.study_runs import make_panel_run, make_study
from weighting.enums import Medium, Role
from weighting.models import Ballot, Indicator
from weighting.selectors.frameworks import indicators_of
from weighting.services.versions import publish_version

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]


def page(study):
    return reverse("indexer:study-detail", args=[study.pk])


def test_a_question_is_asked_without_scripts_and_answered(analyst, run):
    here = reverse("indexer:run-studies", args=[run.pk])
    assert b'name="draws"' in analyst.get(here).content
    sent = {"kind": "noise", "nu": "0.2", "draws": "600", "seed": "0"}
    answer = analyst.post(here, sent)
    study = Study.objects.get()

    assert (answer.status_code, answer.headers["Location"]) == (302, page(study))
    waiting = analyst.get(page(study)).content.decode()
    assert "every 300ms" in waiting
    assert "0 of 600" in waiting
    count_waiting_parts(study.pk)
    progress = analyst.get(reverse("indexer:study-progress", args=[study.pk])).content.decode()
    assert "every 300ms" not in progress
    assert "keeps rank" in progress or "keep their ranks" in progress
    # Asked again, the same study answers at once.
    assert analyst.post(here, sent).headers["Location"] == page(study)


@pytest.mark.parametrize("kind", StudyKind.values)
def test_every_kind_has_a_form_an_answer_and_pictures(analyst, run, kind):
    assert analyst.get(reverse("indexer:run-studies", args=[run.pk]), {"kind": kind}).status_code == 200
    study = make_study(run, kind, **QUESTIONS[kind])
    response = analyst.get(page(study))
    drawings = kind_of(study).drawings(result_of_study(study), indicators_of(run.data_set.framework_id))

    assert response.status_code == 200
    for name, draw in drawings.items():
        figure = draw()
        assert figure.title in response.context["figures"][name].title
        if figure.spec:
            picture = analyst.get(reverse("indexer:study-picture", args=[study.pk, name, "svg"]))
            assert picture.content.startswith(b"<svg")
            assert all(len(row) == len(figure.labels) for row in figure.rows)
    export = analyst.get(reverse("indexer:study-export", args=[study.pk]))
    assert export.status_code == (404 if kind in ("sobol", "choices", "coherence") else 200)


def test_what_is_wrong_with_a_question_stands_beside_its_fields(analyst, run):
    here = reverse("indexer:run-studies", args=[run.pk])
    answer = analyst.post(here, {"kind": "noise", "nu": "7", "draws": "0", "seed": "-1"})

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"nu", "draws", "seed"}
    assert "“0” is not a whole number from 1 to 1000000." in answer.content.decode()


def test_a_run_without_a_panel_offers_noise_and_says_why_no_bootstrap(analyst):
    run = make_runs(random_values(4))[0]
    here = reverse("indexer:run-studies", args=[run.pk])
    assert analyst.get(here).context["form"].kind == "noise"
    answer = analyst.post(here, {"kind": "bootstrap", "draws": "100", "seed": "0"})

    assert answer.status_code == 422
    assert "do not come from a panel" in answer.content.decode()


def test_cancel_and_go_on(analyst, run):
    study = make_study(run, counted=False)
    analyst.post(reverse("indexer:study-cancel", args=[study.pk]))
    assert "The study was cancelled" in analyst.get(page(study)).content.decode()
    assert analyst.post(reverse("indexer:study-cancel", args=[study.pk])).status_code == 409
    analyst.post(reverse("indexer:study-retry", args=[study.pk]))
    study.refresh_from_db()
    assert study.status == StudyStatus.QUEUED


# What a study can fail of, as the services note it, and words that only one language has.
FAILURES = [
    ({"kind": "constant_output"}, "no variance to account for", "没有方差可供分解"),
    ({"kind": "exhausted", "number": 25}, "ended 25 times", "25 次"),
    ({"kind": "few_answers", "codes": ["a1"]}, "Too few experts answered", "作答的专家太少"),
    ({"kind": "negative_value", "codes": ["a1"], "units": []}, "have no share", "没有占比"),
    ({"kind": "not_reported"}, "not reported", "不予报告"),
    ({"kind": "unexpected", "number": "KeyError"}, "error in the program", "程序出错"),
]


@pytest.mark.parametrize(("failure", "english", "chinese"), FAILURES)
def test_a_failure_is_told_in_the_readers_language(analyst, run, failure, english, chinese):
    study = make_study(run, counted=False)
    Study.objects.update(status=StudyStatus.FAILED, failure=[failure])
    address = reverse("indexer:api-study", args=[study.pk])
    for language, words in (("en", english), ("zh-hans", chinese)):
        analyst.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        assert words in analyst.get(page(study)).content.decode()
        answer = analyst.get(address, HTTP_ACCEPT_LANGUAGE=language).json()
        assert (answer["failure"], words in answer["error"]) == ([failure], True)


def test_the_cities_are_searched_sorted_and_drawn(analyst, run):
    study = make_study(run)
    found = analyst.get(page(study), {"q": "城市003"})

    assert [row["city"].name_zh for row in found.context["rows"]] == ["城市003"]
    assert len(found.context["shown"].spec["data"]["values"]) == 1
    part = analyst.get(page(study), {"sort": "-top1"}, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="results")
    assert b"<html" not in part.content
    firsts = result_of_study(study).figures["top1"]
    assert part.context["rows"][0]["city"] == result_of_study(study).cities[int(firsts.argmax())]


def test_a_pair_is_counted_over_the_same_draws_and_kept(analyst, run):
    study = make_study(run)
    result, plan = result_of_study(study), plan_of_study(study)
    local = np.hstack([plan.versions.draw(chunk) for chunk in range(plan.chunks)])
    wins = count_ranks(base_of(run).index, local, np.array([[7, 2]])).wins[0].tolist()
    names = {"above": result.cities[7].name_en.lower(), "below": result.cities[2].name_zh}

    for _again in range(2):
        count = analyst.get(page(study), names).context["pair"]["count"]
        assert [count.above, count.below] == wins
        assert count.draws == study.draws
    study.refresh_from_db()
    assert study.pairs == {"2,7": wins[::-1]}
    for wrong in ({"above": "Atlantis", "below": "城市003"}, {"above": "城市003", "below": "City 3"}):
        assert analyst.get(page(study), wrong).context["pair"]["problems"]


def test_strangers_see_finished_studies_of_published_runs_and_no_ballots(client, run):
    study, waiting = make_study(run, "noise"), make_study(run, "noise", seed=1, counted=False)
    assert client.get(page(study)).status_code == 404
    actor = run.data_set.created_by
    publish_data_set(run.data_set, actor=actor)
    publish_version(run.weight_version, actor=actor)

    assert client.get(page(study)).status_code == 200
    assert client.get(page(waiting)).status_code == 404
    assert client.get(page(study), {"above": "城市001", "below": "城市002"}).context["pair"] is None
    assert client.get(reverse("indexer:study-archive", args=[study.pk])).status_code != 200
    listed = client.get(reverse("indexer:study-list")).context["rows"]
    assert [row["study"] for row in listed] == [study]
    here = reverse("indexer:run-studies", args=[run.pk])
    assert client.post(here, {"kind": "noise", "draws": "5", "seed": "0", "nu": "0"}).status_code == 404


def test_who_asked_is_named_to_staff_alone(client, run):
    study = make_study(run, "noise")
    actor = run.data_set.created_by
    actor.first_name = "Olga Owner"
    actor.save()
    publish_data_set(run.data_set, actor=actor)
    publish_version(run.weight_version, actor=actor)
    pages = (page(study), reverse("indexer:study-list"), reverse("indexer:run-studies", args=[run.pk]))

    for address in pages:
        said = client.get(address).content.decode()
        assert study.result_sha256[:8] in said or page(study) in said
        assert "Olga Owner" not in said
    sign_in_staff(client, make_account(Role.ANALYST))
    assert study.created_by == actor
    assert all("Olga Owner" in client.get(address).content.decode() for address in pages)


def test_strangers_see_no_study_of_a_run_by_another_method(client, run):
    shown = make_study(run, "noise")
    trial_method = use_method(normalisation="rank")
    Run.objects.create(data_set=run.data_set, weight_version=run.weight_version, method=trial_method)
    compute_waiting_runs(run.data_set_id)
    trial = make_study(Run.objects.get(data_set=run.data_set, method=trial_method), "noise")
    actor = run.data_set.created_by
    publish_data_set(run.data_set, actor=actor)
    publish_version(run.weight_version, actor=actor)

    listed = client.get(reverse("indexer:study-list")).context["rows"]
    assert [row["study"] for row in listed] == [shown]
    api = client.get(reverse("indexer:api-study-list")).json()
    assert [row["id"] for row in api["results"]] == [shown.pk]
    routes = ["study-detail", "study-progress", "study-export", "api-study"]
    for name in routes:
        assert client.get(reverse(f"indexer:{name}", args=[shown.pk])).status_code == 200, name
        assert client.get(reverse(f"indexer:{name}", args=[trial.pk])).status_code == 404, name


def test_ballots_leave_only_with_whoever_may_read_the_rounds_statistics(client, run):
    """A study without experts in it is no secret among staff: the control. One with them is not there."""
    panel, noise = make_study(run), make_study(run, "noise")
    owner, other = run.data_set.created_by, make_account(Role.MANAGER)
    for account, allowed in ((owner, 200), (make_account(Role.ANALYST), 200), (other, 404)):
        sign_in_staff(client, account)
        for study, status in ((panel, allowed), (noise, 200)):
            address = reverse("indexer:study-archive", args=[study.pk])
            assert client.get(address).status_code == status
            assert client.get(page(study)).status_code == status
            assert (address in client.get(page(study)).text) == (status == 200)


@pytest.mark.parametrize("count", [1, 3])
def test_lists_take_the_same_queries_for_any_number(analyst, run, count, django_assert_num_queries):
    for seed in range(count):
        make_study(run, seed=seed, counted=False)
    with django_assert_num_queries(4):
        analyst.get(reverse("indexer:study-list"))


def test_the_file_holds_every_city_with_the_seed(analyst, run):
    study = make_study(run, seed=5)
    answer = analyst.get(reverse("indexer:study-export", args=[study.pk]), {"format": "json"})
    document = json.loads(answer.content)
    figures = result_of_study(study).figures

    assert document["provenance"]["seed"] == 5
    assert [row["nominal"] for row in document["rows"]] == sorted(figures["nominal"].tolist())
    assert sum(row["top1"] for row in document["rows"]) == pytest.approx(figures["top1"].sum())


def unpack(client, study, folder):
    content = client.get(reverse("indexer:study-archive", args=[study.pk])).getvalue()
    with ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return content


def test_an_archive_begins_before_the_ranks_of_the_units_are_written(analyst, run, monkeypatch):
    written, write = [], study_archive.write_rank_files
    monkeypatch.setattr(
        study_archive, "write_rank_files", lambda *given, **more: written.append(1) or write(*given, **more)
    )
    folders = set(Path(tempfile.gettempdir()).glob("quanheng-study-*"))
    answer = analyst.get(reverse("indexer:study-archive", args=[make_study(run).pk]))
    pieces = iter(answer)
    first = next(pieces)
    assert first.startswith(b"PK")
    assert not written
    with ZipFile(io.BytesIO(first + b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert "results/rank_histogram.csv" in archive.namelist()
    assert written
    assert set(Path(tempfile.gettempdir()).glob("quanheng-study-*")) == folders


@pytest.mark.parametrize(
    ("kind", "asked", "method"),
    [
        ("bootstrap", {}, {}),
        ("noise", {"nu": 0.25}, {"normalisation": "minmax"}),
        ("dirichlet", {"kappa": 30}, {"normalisation": "zscore"}),
        ("bootstrap", {}, {"denominators": {"fixed": "mobile"}}),
        ("noise", {}, {"outliers": "winsorise_log", "missing": "mean"}),
        ("bootstrap", {}, {"denominators": {"fixed": "mobile"}, "outliers": "log", "missing": "reweight"}),
    ],
)
def test_the_archive_repeats_to_the_last_byte_without_a_database(analyst, tmp_path, kind, asked, method):
    framework = make_framework()
    Indicator.objects.filter(framework=framework, code="retail").update(direction=-1)
    values = random_values(12, 5)
    values[3, 4] = 10_000
    if "missing" in method:
        values[5, 2] = np.nan
    run = make_panel_run(framework=framework, values=values, **method)
    assert run.status == RunStatus.DONE
    study = make_study(run, kind, draws=1100, seed=0, **asked)
    assert unpack(analyst, study, tmp_path) == unpack(analyst, study, tmp_path)
    command = (tmp_path / "command.txt").read_text().split()
    command[0] = str(ROOT / "manage.py")
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    environment = {"PATH": "/usr/bin:/bin", "QUANHENG_VAR": str(tmp_path / "var"), **nowhere}
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    for name in ("rank_intervals.csv", "rank_histogram.csv", "summary.json"):
        repeated = (tmp_path / "repeated" / name).read_bytes()
        assert repeated == (tmp_path / "results" / name).read_bytes(), name


def test_the_ballots_of_an_archive_lead_to_nobody(analyst, run, tmp_path):
    """Sorted by score under numbers of their own: no id of a ballot, an invitation or an expert."""
    study = make_study(run)
    content = unpack(analyst, study, tmp_path)
    rows = list(csv.DictReader((tmp_path / "scores.csv").open()))
    round_ = run.weight_version.round
    ballots: dict[str, list[int]] = {}
    for row in rows:
        ballots.setdefault(row["expert"], []).append(int(row["score"]))

    assert list(ballots) == [f"b{number:04}" for number in range(1, 9)]
    assert list(ballots.values()) == sorted(ballots.values())
    for ballot in round_.ballots.all():
        assert str(ballot.pk).encode() not in content
        assert ballot.pk.hex.encode() not in content
    text = (tmp_path / "scores.csv").read_text() + (tmp_path / "study.json").read_text()
    assert not any(expert.email in text or expert.name in text for expert in round_.panel.experts.all())


def test_an_archive_says_how_many_ballots_a_manager_entered(analyst, run, tmp_path):
    round_ = run.weight_version.round
    entered = round_.ballots.order_by("pk").values_list("pk", flat=True)[:2]
    Ballot.objects.filter(pk__in=list(entered)).update(medium=Medium.SHEET)
    unpack(analyst, make_study(run), tmp_path)
    said = json.loads((tmp_path / "study.json").read_text())

    assert (said["ballots"], said["ballots_entered"]) == (8, 2)


def test_the_form_of_other_methods_can_be_sent_as_it_stands_where_values_are_missing(analyst):
    """A first form that refuses gaps would be refused itself on every run that has any."""
    values = random_values(12)
    values[3, 1] = np.nan
    run = make_panel_run(values=values, missing="reweight", normalisation="minmax")
    here = reverse("indexer:run-studies", args=[run.pk])
    form = analyst.get(f"{here}?kind=variants").context["form"]
    offered = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    answer = analyst.post(here, {**offered, "kind": "variants", "draws": 200})

    assert offered["missing"] == ["reweight"]
    assert "share" not in offered["normalisations"], (
        "this index does not take shares: of rates they say nothing"
    )
    assert (answer.status_code, Study.objects.get().kind) == (302, "variants")


def test_methods_none_of_which_can_be_computed_are_refused_with_what_keeps_each(analyst):
    values = random_values(12)
    values[3, 1] = np.nan
    run = make_panel_run(values=values, missing="reweight", normalisation="minmax")
    here = reverse("indexer:run-studies", args=[run.pk])
    sent = {"kind": "variants", "normalisations": ["minmax", "zscore"], "missing": ["refuse"]}
    sent |= {"aggregations": ["arithmetic"], "weights": "none", "draws": "200", "seed": "0"}
    answer = analyst.post(here, sent, headers={"accept-language": "en"})
    problems = answer.context["problems"]

    assert answer.status_code == 422
    assert [problem.split("; ")[0] for problem in problems[1:]] == ["Min-max", "z-score"]
    assert all("missing" in problem for problem in problems[1:])


def test_no_column_is_shown_of_what_is_certain_of_every_unit(analyst, run):
    study = make_study(run, "noise", draws=200)
    columns = [column.key for column in analyst.get(page(study)).context["table"].columns]

    assert "top3" in columns
    assert not {"top50", "top100"} & set(columns)
