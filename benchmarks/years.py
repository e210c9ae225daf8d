"""What an installation has after years of use, grown around a world of the tests through the services."""

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from typing import Any

# Everything stands in one proportion, so that a small try is possible.
SCALE = float(os.environ.get("QUANHENG_YEARS", "1"))
VERSIONS, EDITIONS, ROUNDS = int(1_000 * SCALE), 10, int(500 * SCALE)
UNITS, FEWER_UNITS, EXPERTS, ACTS = int(3_000 * SCALE), 100, int(5_000 * SCALE), int(200_000 * SCALE)
# Of whatever else has a list.
OTHERS = int(200 * SCALE)
TERMS = {
    "description_en": "How liveable cities are.",
    "licence": "CC-BY-4.0",
    "contact": "index@example.org",
}
# What pages and lists are asked besides, of the second world, by the names of their routes.
QUERIES = {
    "home": ["q=of"],
    "weighting:audit": [
        "page=99999",
        "act=freeze&page=99",
        "subject=weightversion&number=7",
        "since=2020-01-01",
    ],
    "weighting:audit-export": ["format=xlsx"],
    "weighting:round-list": ["page=99999"],
    "weighting:panel-detail": ["page=99999"],
    "weighting:round-detail": ["page=99999"],
    "weighting:round-receipts": ["page=99999"],
    "weighting:people": ["page=99999"],
    "weighting:framework-list": ["page=99999"],
    "weighting:version-list": ["page=99999"],
    "weighting:version-compare": ["versions={version}&versions={other_version}", "find=99"],
    "weighting:version-compare-export": ["versions={version}&versions={other_version}"],
    "weighting:api-version-compare": ["versions={version},{other_version}"],
    "weighting:api-framework-list": ["limit=1000"],
    "weighting:api-round-list": ["limit=1000"],
    "weighting:api-version-list": ["limit=1000", "limit=1000&offset=500"],
    "indexer:public-units": ["units={code}.{other_code}"],
    "indexer:publishing-detail": ["find=99"],
    "indexer:publishing-publish": ["run={run}"],
    "indexer:publishing-preview": ["run={run}"],
    "indexer:comparison": [
        "runs={run}&runs={other}",
        "{many}",
        "data_set={data_set}",
        "runs={run}&runs={other}&find=99",
    ],
    "indexer:comparison-report": ["runs={run}&runs={other}", "{many}"],
    "indexer:comparison-export": ["runs={run}&runs={other}"],
    "indexer:comparison-pairs": ["{many}"],
    "indexer:comparison-picture": ["runs={run}&runs={other}"],
    "indexer:city-change": ["runs={run}&runs={other}", "{many}"],
    "indexer:city-change-export": ["runs={run}&runs={other}"],
    "indexer:run-list": ["data_set={data_set}", "data_set={data_set}&method={method}&page=9"],
    "indexer:run-progress": ["data_set={data_set}&method={method}&page=9"],
    "indexer:run-detail": ["q=9", "size=all", "page=99", "node=infra&sort=-name"],
    "indexer:run-export": ["format=xlsx"],
    "indexer:run-places": ["series={series}&weight=series"],
    "indexer:run-map": ["against={other}", "find=99"],
    "indexer:run-series": ["series={series}"],
    "indexer:run-series-export": ["series={series}"],
    "indexer:run-leads": ["node=infra&over=composite&places=0"],
    "indexer:run-tops": ["n=1000"],
    "indexer:run-pair": ["first={name}&second={other_name}"],
    "indexer:run-nodes-pair": ["a=infra&b=composite"],
    "indexer:run-what-if-export": ["format=xlsx"],
    "indexer:run-city": ["page=9"],
    "indexer:study-list": ["page=99999", "kind=noise"],
    "indexer:index-detail": ["run={run}"],
    "indexer:data-set-list": ["page=99999"],
    "indexer:data-set-detail": ["page=99999"],
    "indexer:register-detail": ["page=99999", "q=9"],
    "indexer:api-register-cities": ["limit=1000&offset=1000"],
    "indexer:api-data-set-list": ["limit=1000"],
    "indexer:api-run-list": ["limit=1000", "limit=1000&offset=9000", "ordering=-finished_at"],
    "indexer:api-ranking": ["limit=1000", "limit=1000&offset=2000"],
    "indexer:api-run-node-ranking": ["limit=1000"],
    "indexer:api-index-ranking": ["run={run}"],
    "indexer:api-run-places": ["series={series}"],
    "indexer:api-run-series": ["series={series}"],
    "indexer:api-run-map": ["against={other}"],
    "indexer:api-run-tops": ["n=50"],
    "indexer:api-run-nodes-pair": ["a=infra", "a=series:{series}"],
    "indexer:api-run-critical": ["within=0.5"],
    "indexer:api-run-pair": ["first={name}&second={other_name}"],
    "indexer:api-comparison": ["runs={run},{other}", "runs={joined}"],
    "indexer:api-comparison-cities": ["runs={run},{other}&limit=1000", "runs={joined}&limit=1000"],
    "indexer:api-city-change": ["runs={run},{other}", "runs={joined}"],
    "indexer:api-study-list": ["limit=1000"],
    "indexer:api-study-cities": ["limit=1000"],
    "indexer:api-study-pair": ["above={name}&below={other_name}"],
    "upkeep:jobs": ["status=done", "status=done&page=99999"],
}


def begin(world: Any) -> Any:
    """Publish, and return a second world: of a round that was answered, its version, its run and a study."""
    from django.db import transaction

    from tests.factories import make_panel

    with transaction.atomic():
        _publish(world)
        answered = _answered(world, make_panel(6, owner=world.manager))
    _compute(world)
    return _studied(replace(answered, run=_run_of(answered.version, world.data_set)), "years")


def named_in(world: Any) -> dict[str, Any]:
    """Return what queries name: a run and others of its data set, versions, units."""
    from indexer.models import City, Run

    runs = Run.objects.filter(data_set=world.data_set, method=world.data_set.method)
    pks = [world.run.pk, *runs.exclude(pk=world.run.pk).order_by("pk").values_list("pk", flat=True)[:49]]
    other = Run.objects.select_related("weight_version").get(pk=pks[-1])
    one, two = City.objects.filter(pk__in=world.data_set.city_ids[:2])
    return {
        "run": world.run.pk,
        "other": other.pk,
        "many": "&".join(f"runs={pk}" for pk in pks),
        "joined": ",".join(map(str, pks)),
        "version": world.version.pk,
        "other_version": other.weight_version_id,
        "data_set": world.data_set.pk,
        "method": world.data_set.method_id,
        "series": world.series.pk,
        "code": one.code or one.pk,
        "other_code": two.code or two.pk,
        "name": one.name_en,
        "other_name": two.name_en,
    }


def finish(world: Any) -> Any:
    """Compute all runs, publish half of them and study one; return the second world as it is then."""
    _compute(world)
    world.run = _middle_run(world.data_set)
    answered = _found_answered(world)
    answered.run = _run_of(answered.version, world.data_set)
    _publish_half(world)
    answered = _studied(answered, "years-later")
    _grow_others(answered)
    return answered


def _publish(world: Any) -> None:
    from indexer.services.published import describe_index, publish_edition

    index = describe_index(world.published, terms={"name_en": "Liveability", **TERMS}, actor=world.manager)
    world.published = index
    publish_edition(index, run=world.run, actor=world.manager)


def _answered(world: Any, panel: Any) -> Any:
    """Let all of a panel answer a round, and freeze its version, whose runs are queued; return its world."""
    from tests.factories import make_round
    from weighting.enums import RoundState
    from weighting.models import WeightVersion
    from weighting.services.versions import freeze_version

    round_ = make_round(
        manager=world.manager,
        framework=world.framework,
        panel=panel,
        state=RoundState.AGGREGATED,
        scores=lambda place, code: (place * 7 + len(code) * place // 3) % 5 + 1,
    )
    freeze_version(WeightVersion.objects.get(round=round_), actor=world.manager)
    return _of_round(world, round_)


def _found_answered(world: Any) -> Any:
    from weighting.enums import RoundState
    from weighting.models import Round

    return _of_round(world, Round.objects.get(panel=world.panel, state=RoundState.AGGREGATED))


def _of_round(world: Any, round_: Any) -> Any:
    from tests.factories import make_invitation
    from weighting.models import WeightVersion

    version = WeightVersion.objects.get(round=round_)
    invitation = make_invitation(round_, place=5)
    return replace(world, round=round_, invitation=invitation, version=version, draft=version)


def _studied(world: Any, slug: str) -> Any:
    """Draw the panel of a run anew, and publish the run under an index of its own."""
    from indexer.models import Study
    from indexer.services.published import draft_index, publish_edition
    from indexer.services.studies import count_waiting_parts, plan_study

    study = plan_study(world.run, kind="bootstrap", sent={"draws": 1_000}, actor=world.manager)
    count_waiting_parts(study.pk)
    terms = {"name_en": slug, **TERMS}
    index = draft_index(slug=slug, terms=terms, actor=world.manager)
    publish_edition(index, run=world.run, actor=world.manager)
    series = _make_series(world, 0)
    return replace(world, study=Study.objects.get(pk=study.pk), published=index, series=series)


def _make_series(world: Any, number: int) -> Any:
    from tests.indexer.factories import make_series

    values = [place % 97 + number + 1.5 for place in range(len(world.data_set.city_ids))]
    return make_series(world.data_set.city_ids, values, actor=world.manager, name_en=f"Series {number}")


def _grow_panel(world: Any) -> None:
    """Bring in a large panel, and open a round on it."""
    from tests.factories import make_invitation, make_round
    from weighting.services.panels import import_panel

    lines = ["code,name,email", *(f"X{n:05d},Expert {n},x{n}@large.example" for n in range(EXPERTS))]
    world.panel = import_panel(
        source="\n".join(lines).encode(), filename="panel.csv", name="Large", actor=world.manager
    )
    world.round = make_round(manager=world.manager, framework=world.framework, panel=world.panel, sealed=3)
    world.invitation = make_invitation(world.round, place=5)


def _grow_rounds(world: Any) -> None:
    """Draft, open, close and aggregate rounds, most of them open."""
    from tests.factories import make_panel, make_round
    from weighting.enums import RoundState

    panel = make_panel(6, owner=world.manager)
    states = [RoundState.OPEN] * 7 + [RoundState.DRAFT, RoundState.CLOSED, RoundState.AGGREGATED]
    for _number, state in zip(range(ROUNDS), cycle(states), strict=False):
        make_round(manager=world.manager, framework=world.framework, panel=panel, state=state)


def _grow_versions(world: Any) -> None:
    """Store editions, one of them large, and freeze versions, each of which queues a run of every edition."""
    import numpy as np

    from indexer.selectors.data_sets import data_sets_visible_to
    from indexer.services.data_sets import EditionTerms, Matrix, add_data_set
    from indexer.services.methods import use_method
    from tests.indexer.factories import make_cities
    from weighting.selectors.frameworks import indicators_of, tree_of
    from weighting.services.versions import draft_imported_version, freeze_version

    rng, actor = np.random.default_rng(1), world.manager
    cities = [city.pk for city in make_cities(UNITS, actor=actor)]
    tree = tree_of(indicators_of(world.framework.pk))
    for number in range(EDITIONS):
        units = cities if number == EDITIONS - 1 else cities[:FEWER_UNITS]
        made = add_data_set(
            terms=EditionTerms(
                framework=world.framework,
                name_zh="年鉴",
                name_en="Yearbook",
                year=2001 + number,
                method=use_method(),
            ),
            matrix=Matrix(
                units, list(tree.leaf_codes), rng.lognormal(0, 1, (len(units), len(tree.leaf_codes))), {}
            ),
            actor=actor,
        )
    for number in range(VERSIONS):
        local = np.empty(len(tree))
        for group in tree.groups:
            parts = rng.random(len(group)) + 0.1
            local[group] = parts / parts.sum()
        draft = draft_imported_version(
            framework=world.framework,
            local_weights=dict(zip(tree.codes, local.tolist(), strict=True)),
            label_zh=f"历年{number}",
            label_en=f"Of years {number}",
            actor=actor,
        )
        world.version = freeze_version(draft, actor=actor)
    world.data_set = data_sets_visible_to(actor).get(pk=made.pk)


def _compute(world: Any) -> None:
    from indexer.models import DataSet
    from indexer.services.runs import compute_waiting_runs

    for pk in DataSet.objects.filter(framework=world.framework).values_list("pk", flat=True):
        compute_waiting_runs(pk)


def _middle_run(data_set: Any) -> Any:
    from indexer.models import Run

    runs = Run.objects.select_related("weight_version").filter(data_set=data_set)
    return runs.order_by("pk")[runs.count() // 2]


def _run_of(version: Any, data_set: Any) -> Any:
    from indexer.models import Run

    return Run.objects.select_related("weight_version").get(data_set=data_set, weight_version=version)


def _publish_half(world: Any) -> None:
    """Let strangers see every second version, and all data sets."""
    from indexer.models import DataSet
    from indexer.services.data_sets import publish_data_set
    from weighting.models import WeightVersion
    from weighting.services.versions import publish_version

    for data_set in DataSet.objects.filter(framework=world.framework).defer("values"):
        publish_data_set(data_set, actor=world.manager)
    versions = WeightVersion.objects.filter(framework=world.framework, number__isnull=False)
    for version in versions.order_by("number")[::2]:
        publish_version(version, actor=world.manager)
    publish_version(world.run.weight_version, actor=world.manager)


def _grow_log(world: Any) -> None:
    """Write acts as services write them, by the thousand."""
    from weighting.models import AuditEntry

    for start in range(0, ACTS, 5_000):
        AuditEntry.objects.bulk_create(
            AuditEntry(
                actor=world.manager, act="freeze", subject_type="weightversion", subject_id=str(number)
            )
            for number in range(start, min(start + 5_000, ACTS))
        )


def _grow_others(world: Any) -> None:
    """Add accounts, and to each what else has a list: as many as the days of years bring."""
    from indexer.models import Run
    from indexer.services.published import draft_index, publish_edition
    from indexer.services.studies import count_waiting_parts, plan_study
    from tests.factories import make_account, make_framework, make_panel
    from tests.indexer.factories import make_gathering, make_import
    from weighting.enums import Role
    from weighting.services.framework_drafts import copy_framework
    from weighting.services.frameworks import publish_framework

    runs = Run.objects.filter(data_set=world.data_set, weight_version__is_published=True)
    shown = list(runs.exclude(pk=world.run.pk).defer("node_scores").order_by("-pk")[:OTHERS])
    for number in range(OTHERS):
        actor = make_account(Role.MANAGER)
        framework = make_framework(owner=world.manager)
        publish_framework(framework, actor=world.manager)
        make_panel(3, owner=actor)
        copy_framework(world.framework, actor=actor)
        make_import(world.framework, actor=actor)
        make_gathering(world.framework, actor=actor)
        _make_series(world, number + 1)
        study = plan_study(
            world.run, kind="noise", sent={"draws": 100, "seed": number, "nu": 0.1}, actor=actor
        )
        count_waiting_parts(study.pk)
        run = shown[number % len(shown)]
        index = draft_index(
            slug=f"of-{number}", terms={"name_en": f"Of {number}", **TERMS}, actor=world.manager
        )
        publish_edition(index, run=run, actor=world.manager)
        publish_edition(world.published, run=run, actor=world.manager, reason="Corrected.")


GROWTH: dict[str, Callable[[Any], Any]] = {
    "panel and its round": _grow_panel,
    "rounds": _grow_rounds,
    "data sets and versions": _grow_versions,
    "a round that was answered": lambda world: _answered(world, world.panel),
    "acts": _grow_log,
}
