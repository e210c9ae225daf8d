"""What rests on ballots is told to those who may have the ballots, and to nobody else."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from indexer.models import Study
from indexer.selectors.studies import find_study, may_draw_experts, rank_intervals_of, studies_visible_to
from indexer.services.data_sets import publish_data_set
from indexer.services.study_archive import has_archive_for
from indexer.studies.kinds.choices import WEIGHTS as CHOICE_WEIGHTS
from indexer.studies.kinds.sobol import WEIGHTS as SOBOL_WEIGHTS
from indexer.studies.kinds.variants import WEIGHTS as VARIANT_WEIGHTS
from indexer.studies.registry import KINDS
from tests.factories import make_account, mark_entered, sign_in_staff
from tests.indexer.study_runs import make_panel_run, make_study
from weighting.enums import Role, VersionSource
from weighting.models import Ballot, Round, WeightVersion
from weighting.services.versions import publish_version

pytestmark = pytest.mark.django_db
# Every kind, with each source of weights where there are several to choose from.
TAKES_WEIGHTS = {"sobol": SOBOL_WEIGHTS, "variants": VARIANT_WEIGHTS, "choices": CHOICE_WEIGHTS}
QUESTIONS = [
    (kind, weights)
    for kind in KINDS
    for weights in (
        sorted(source.name for source in TAKES_WEIGHTS[kind].sources) if kind in TAKES_WEIGHTS else [None]
    )
]
PAGES = ("study-detail", "study-progress", "study-export", "study-archive")
ANSWERS = ("study", "study-cities", "study-histogram", "study-cases")
PAIR = {"above": "城市001", "below": "城市002"}
PICTURES = ("intervals", "heat", "shifts")


def make_run():
    """A published run of the weights of a round."""
    run = make_panel_run(experts=7)
    publish_data_set(run.data_set, actor=run.data_set.created_by)
    publish_version(run.weight_version, actor=run.data_set.created_by)
    return run


def outsiders():
    return [None, make_account(Role.MANAGER)]


def addresses_of(study):
    own = [reverse(f"indexer:{name}", args=[study.pk]) for name in PAGES]
    own += [reverse(f"indexer:api-{name}", args=[study.pk]) for name in ANSWERS]
    pictures = [reverse("indexer:study-picture", args=[study.pk, name, "svg"]) for name in PICTURES]
    return [*own, *pictures]


def client_of(account):
    client = Client()
    if account:
        sign_in_staff(client, account)
    return client


@pytest.mark.parametrize(("kind", "weights"), QUESTIONS)
def test_outsiders_see_a_question_exactly_if_it_rests_on_no_ballot(run, kind, weights):
    """The query and the kinds say the same of every kind and every source of weights."""
    parameters = {"weights": weights} if weights else {}
    study = make_study(run, "noise")
    Study.objects.filter(pk=study.pk).update(kind=kind, parameters=parameters)
    rests = KINDS[kind].rests_on_ballots(parameters)
    for account in outsiders():
        assert studies_visible_to(account).filter(pk=study.pk).exists() != rests
        assert (find_study(account, study.pk) is None) == rests
    assert studies_visible_to(run.data_set.created_by).filter(pk=study.pk).exists()
    assert find_study(run.data_set.created_by, study.pk) == study


@pytest.mark.parametrize(("kind", "rests"), [("noise", False), ("bootstrap", True)])
def test_ballots_are_counted_only_for_studies_that_rest_on_them(run, kind, rests):
    study, manager = make_study(run, kind), run.data_set.created_by
    with CaptureQueriesContext(connection) as asked:
        assert find_study(manager, study.pk) == study

    assert any(Ballot._meta.db_table in query["sql"] for query in asked) == rests


@pytest.mark.parametrize("kind", ["bootstrap", "jackknife"])
def test_no_route_tells_outsiders_of_drawn_experts(run, kind):
    """The manager of the round reads the same addresses: the control."""
    study, noise = make_study(run, kind), make_study(run, "noise")
    for account in outsiders():
        client = client_of(account)
        for address in addresses_of(study):
            assert client.get(address).status_code in (302, 401, 403, 404), address
        pair = client.get(reverse("indexer:api-study-pair", args=[study.pk]), PAIR)
        assert pair.status_code in (401, 403, 404)
        listed = client.get(reverse("indexer:api-study-list")).json()["results"]
        assert [row["id"] for row in listed] == [noise.pk]
        for name in ("study-list", "run-studies", "run-report"):
            args = [] if name == "study-list" else [run.pk]
            assert f"/studies/{study.pk}/" not in client.get(reverse(f"indexer:{name}", args=args)).text
        assert rank_intervals_of(run, account) is None
    own = client_of(run.data_set.created_by)
    assert own.get(reverse("indexer:study-detail", args=[study.pk])).status_code == 200
    assert own.get(reverse("indexer:api-study-histogram", args=[study.pk])).json()["count"]


def test_a_pool_tells_those_who_may_read_every_round_of_it(run):
    """A manager of one of two pooled rounds is an outsider of the other."""
    other = make_panel_run(framework=run.data_set.framework, seed=4).weight_version.round
    study = make_study(run)
    pooled = WeightVersion.objects.create(
        framework=run.data_set.framework,
        source=VersionSource.POOLED,
        label_zh="合",
        label_en="Pool",
        created_by=run.data_set.created_by,
    )
    pooled.pooled_rounds.set([run.weight_version.round, other])
    type(run).objects.filter(pk=run.pk).update(weight_version=pooled)
    half = make_account(Role.MANAGER)
    other.managers.add(half)
    for account in (None, half, run.data_set.created_by):
        seen = studies_visible_to(account).filter(pk=study.pk).exists()
        assert seen == may_draw_experts(account, pooled)
    assert studies_visible_to(run.data_set.created_by).filter(pk=study.pk).exists()


def cut(version, size):
    """Leave that many ballots to the round of a version, as if no more had ever been sealed."""
    kept = list(version.round.ballots.values_list("pk", flat=True)[:size])
    version.round.ballots.exclude(pk__in=kept).delete()


@pytest.mark.postgres
@pytest.mark.parametrize(("size", "entered", "is_told"), [(4, 0, False), (5, 0, True), (7, 3, False)])
def test_of_too_small_a_panel_nobody_has_such_a_study(run, size, entered, is_told):
    """Nor one that was stored before, nor its archive; the control has one ballot more."""
    study, noise = make_study(run), make_study(run, "noise")
    version, manager = run.weight_version, run.data_set.created_by
    Round.objects.filter(pk=version.round_id).update(minimum_panel=2)
    cut(version, size)
    mark_entered(version.round, entered)

    client = client_of(manager)
    seen = set(studies_visible_to(manager).values_list("pk", flat=True))
    assert seen == ({study.pk, noise.pk} if is_told else {noise.pk})
    archive = client.get(reverse("indexer:study-archive", args=[study.pk]))
    assert archive.status_code == (200 if is_told else 404)
    assert has_archive_for(manager, study) == is_told
    assert (rank_intervals_of(run, manager) is not None) == is_told

    sent = {"kind": "bootstrap", "draws": "300", "seed": "9"}
    page = client.post(reverse("indexer:run-studies", args=[run.pk]), sent)
    api = client.post(
        reverse("indexer:api-run-studies", args=[run.pk]), sent, content_type="application/json"
    )
    if is_told:
        assert (page.status_code, api.status_code) == (302, 200)
        return
    assert api.status_code == 409
    for answer in (page, api):
        assert f"needs 5 ballots that experts filled in themselves; here are {size - entered}" in answer.text


@pytest.mark.postgres
def test_of_small_pools_nobody_has_such_a_study(run):
    """Two rounds of three ballots have six together; of two ballots each, four."""
    other = make_panel_run(framework=run.data_set.framework, seed=4).weight_version
    study = make_study(run)
    manager = run.data_set.created_by
    pooled = WeightVersion.objects.create(
        framework=run.data_set.framework,
        source=VersionSource.POOLED,
        label_zh="合",
        label_en="Pool",
        created_by=manager,
    )
    behind = [run.weight_version.round, other.round]
    pooled.pooled_rounds.set(behind)
    for round_ in behind:
        round_.managers.add(manager)
    Round.objects.update(minimum_panel=4)
    type(run).objects.filter(pk=run.pk).update(weight_version=pooled)
    for size, is_told in [(3, True), (2, False)]:
        for version in (run.weight_version, other):
            cut(version, size)
        assert studies_visible_to(manager).filter(pk=study.pk).exists() == is_told


def test_who_is_told_is_asked_anew_each_time(run):
    """What is put together once holds no rows, and nobody's former role."""
    owner, other = run.data_set.created_by, make_account(Role.MANAGER)
    first = make_study(run, "bootstrap", counted=False)
    assert find_study(owner, first.pk) == first
    second = make_study(run, "bootstrap", counted=False, seed=2)
    assert find_study(owner, second.pk) == second

    for role, is_told in [(Role.MANAGER, False), (Role.ADMINISTRATOR, True), (Role.MANAGER, False)]:
        other.role = role
        assert [find_study(other, study.pk) for study in (first, second)] == (
            [first, second] if is_told else [None, None]
        )
