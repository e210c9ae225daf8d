"""``manage.py load_demo``: the 2016 report, brought in once through the services that people use."""

import csv
import secrets
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from indexer.dispatch import ask_study
from indexer.enums import StudyKind
from indexer.frames import read_data, read_totals
from indexer.intake.registers import CityRow
from indexer.models import DataSet, Province, Run
from indexer.services.data_sets import (
    EditionTerms,
    Matrix,
    PlaceFigure,
    PrintedFigure,
    add_data_set,
    publish_data_set,
    record_place_figures,
    record_printed_figures,
)
from indexer.services.methods import use_method
from indexer.services.published import draft_index, publish_edition
from indexer.services.registers import register_cities
from indexer.services.runs import compute_waiting_runs
from indexer.services.studies import count_waiting_parts, plan_study
from weighting.enums import Role, Rule, VersionSource
from weighting.models import Account, Framework, Indicator, Panel, Round, WeightVersion
from weighting.readers import FrameworkTable, read_framework, read_scores, read_weights
from weighting.selectors.claims import SECRET_BYTES, Claim
from weighting.selectors.rounds import invitations_of
from weighting.services.ballots import save_scores, seal_ballot
from weighting.services.claims import claim_ballot
from weighting.services.frameworks import import_framework, publish_framework
from weighting.services.panels import import_panel
from weighting.services.rounds import RoundTerms, close_round, draft_round, open_round, ready_round
from weighting.services.versions import (
    aggregate_round,
    draft_equal_version,
    draft_imported_version,
    freeze_version,
    publish_version,
)

FILES = settings.BASE_DIR / "demo" / "report2016"
FRAMEWORK_NAMES: dict[str, Any] = {"name_zh": "2016 年“互联网+”指数", "name_en": "Internet Plus index 2016"}
DATA_SET_NAMES = {
    "name_zh": "351 个城市，2015 年数据（据 2016 年报告重构）",
    "name_en": "351 cities, data of 2015 (reconstructed from the 2016 report)",
}
DATA_YEAR = 2015
ACCOUNTS = {
    Role.MANAGER: ("demo-manager", "Demo manager", "演示管理员"),
    Role.ANALYST: ("demo-analyst", "Demo analyst", "演示分析员"),
    Role.ADMINISTRATOR: ("demo-administrator", "Demo administrator", "演示系统管理员"),
}
# A round's title becomes the label of its version. Only the sub-index weights are the report's.
CLOSED_ROUND = {
    "title_zh": "专家组权重（分指数权重与报告所列一致）",
    "title_en": "Panel weights (sub-indices as the report prints them)",
}
IMPLIED_LABELS = {"label_zh": "由报告总分反推的权重", "label_en": "Weights the report's totals imply"}
EQUAL_LABELS = {"label_zh": "等权重", "label_en": "Equal weights"}
OPEN_ROUND = {
    "title_zh": "分指数与一级指标评分（演示）",
    "title_en": "Sub-indices and level-1 indicators (demo)",
}
# What a stranger finds at the first page.
INDEX_ADDRESS = "internet-plus-2016"
INDEX_TERMS = {
    "name_zh": "“互联网+”指数 2016（演示）",
    "name_en": "Internet Plus index 2016 (demonstration)",
    "description_zh": "演示：按 2016 年报告衡量 351 个城市的“互联网+”发展。"
    "原始值是为重现报告所列得分而构造的，不是统计数据。",
    "description_en": "A demonstration: how far “Internet Plus” had come in 351 cities by a report of 2016. "
    "The raw values are made up so that the printed scores come out; they are no statistics.",
    "licence": "CC0-1.0",
    "contact": "https://example.org/",
}
# The questions of the panel's ranking that the analyst finds answered, or being answered.
STUDIES: dict[StudyKind, dict[str, Any]] = {
    StudyKind.BOOTSTRAP: {"draws": 10_000, "seed": 2016},
    StudyKind.NOISE: {"draws": 2_000, "seed": 2016, "nu": 0.2},
}
OPEN_PANEL_SIZE = 12
OPEN_ROUND_LIFE = timedelta(days=60)


class Command(BaseCommand):
    help = "Load the demo (the 2016 report) once; a second time does nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--compute",
            action="store_true",
            help="count the studies here instead of leaving them to a worker",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if Account.objects.filter(username=ACCOUNTS[Role.MANAGER][0]).exists():
            self.stdout.write("The demo is already loaded.")
            return
        data_set = load_demo()
        compute_waiting_runs(data_set.pk)
        run = _panel_run(data_set)
        _publish(run)
        _ask_studies(run, compute=options["compute"])
        self.stdout.write("The demo is loaded: 351 cities, three frozen weight versions, one open round.")


@transaction.atomic
def load_demo() -> DataSet:
    """Load all of it or nothing."""
    manager = _make_accounts()
    framework = import_framework(
        source=_read("framework.csv"), filename="framework.csv", actor=manager, **FRAMEWORK_NAMES
    )
    publish_framework(framework, actor=manager)
    table = read_framework(_read("framework.csv"), "framework.csv")
    drafts = [
        _draft_panel_version(framework, table, manager),
        _draft_implied_version(framework, table, manager),
        draft_equal_version(framework=framework, actor=manager, **EQUAL_LABELS),
    ]
    for draft in drafts:
        publish_version(freeze_version(draft, actor=manager), actor=manager)
    _hold_open_round(framework, manager)
    return _add_data_set(framework, table, manager)


def _panel_run(data_set: DataSet) -> Run:
    return Run.objects.select_related("data_set__created_by", "weight_version", "method").get(
        data_set=data_set, weight_version__round__isnull=False
    )


def _publish(run: Run) -> None:
    """Publish the panel's ranking as an index, as its owner would."""
    owner = run.data_set.created_by
    index = draft_index(slug=INDEX_ADDRESS, terms=INDEX_TERMS, actor=owner)
    publish_edition(index, run=run, actor=owner)


def _ask_studies(run: Run, *, compute: bool) -> None:
    """Ask what the analyst finds answered; workers count it after the start unless told otherwise."""
    analyst = Account.objects.get(username=ACCOUNTS[Role.ANALYST][0])
    for kind, sent in STUDIES.items():
        if compute:
            count_waiting_parts(plan_study(run, kind=kind.value, sent=sent, actor=analyst).pk)
        else:
            ask_study(run, kind=kind.value, sent=sent, actor=analyst)


def _make_accounts() -> Account:
    """Make one account of each role, without passwords: they sign in by link."""
    for role, (username, first_name, last_name) in ACCOUNTS.items():
        runs_the_site = role == Role.ADMINISTRATOR
        Account.objects.create_user(
            username=username,
            first_name=first_name,
            last_name=last_name,
            role=role,
            is_staff=runs_the_site,
            is_superuser=runs_the_site,
        )
    return Account.objects.get(username=ACCOUNTS[Role.MANAGER][0])


def _draft_panel_version(framework: Framework, table: FrameworkTable, manager: Account) -> WeightVersion:
    """Hold the closed round: 97 experts, every node, real ballots; then aggregate it."""
    panel = import_panel(
        source=_read("panel.csv"), filename="panel.csv", name="2016 (97 · 示例 synthetic)", actor=manager
    )
    inner = Indicator.objects.filter(framework=framework, is_leaf=False)
    round_ = _open(framework, panel, [None, *inner], CLOSED_ROUND, manager)
    scores = read_scores(_read("scores.csv"), "scores.csv", table.tree)
    answers = {
        expert: dict(zip(table.tree.codes, map(int, row), strict=True))
        for expert, row in zip(scores.experts, scores.scores, strict=True)
    }
    for invitation in invitations_of(round_):
        claim = Claim(invitation, secrets.token_hex(SECRET_BYTES))
        claim_ballot(claim)
        save_scores(claim, answers=answers[invitation.expert.code], client="load_demo")
        seal_ballot(claim)
    return aggregate_round(close_round(round_, actor=manager), actor=manager)


def _draft_implied_version(framework: Framework, table: FrameworkTable, manager: Account) -> WeightVersion:
    weights = read_weights(_read("weights_implied.csv"), "weights_implied.csv", table.tree)
    return draft_imported_version(
        framework=framework,
        local_weights=dict(zip(table.tree.codes, weights.local.tolist(), strict=True)),
        source=VersionSource.IMPLIED,
        actor=manager,
        label_zh=IMPLIED_LABELS["label_zh"],
        label_en=IMPLIED_LABELS["label_en"],
    )


def _hold_open_round(framework: Framework, manager: Account) -> Round:
    """Let a newcomer score at once: the sub-indices and the level-1 indicators."""
    header, *experts = _read("panel.csv").decode().splitlines()
    panel = import_panel(
        source="\n".join([header, *experts[:OPEN_PANEL_SIZE]]).encode(),
        filename="panel.csv",
        name="2017 (12 · 示例 synthetic)",
        actor=manager,
    )
    sub_indices = Indicator.objects.filter(framework=framework, parent=None)
    return _open(framework, panel, [None, *sub_indices], OPEN_ROUND, manager)


def _open(
    framework: Framework,
    panel: Panel,
    parents: list[Indicator | None],
    titles: dict[str, str],
    manager: Account,
) -> Round:
    round_ = draft_round(
        framework=framework,
        terms=RoundTerms(
            panel=panel,
            parents=parents,
            rule=Rule.NORMALISED_SUM,
            quorum=5,
            minimum_panel=5,
            deadline=timezone.now() + OPEN_ROUND_LIFE,
            title_zh=titles["title_zh"],
            title_en=titles["title_en"],
        ),
        actor=manager,
    )
    return open_round(ready_round(round_, actor=manager), actor=manager)


def _add_data_set(framework: Framework, table: FrameworkTable, manager: Account) -> DataSet:
    """Register the units, store the reconstructed values, keep what the report prints."""
    rows = [_city_row(**row) for row in _read_rows("cities.csv")]
    cities = {city.name_zh: city for city in register_cities(rows, actor=manager)}
    data = read_data(_read("data.csv"), "data.csv", table)
    totals = read_totals(_read("totals.csv"), "totals.csv", data.codes)
    data_set = add_data_set(
        terms=EditionTerms(
            framework=framework,
            year=DATA_YEAR,
            method=use_method(),
            note=_read("note.txt").decode().strip(),
            name_zh=DATA_SET_NAMES["name_zh"],
            name_en=DATA_SET_NAMES["name_en"],
        ),
        matrix=Matrix(
            city_ids=[cities[unit].pk for unit in data.units],
            leaf_codes=list(data.codes),
            values=data.values,
            totals=dict(zip(data.codes, totals.tolist(), strict=True)),
        ),
        actor=manager,
    )
    figures = [
        PrintedFigure(cities[row["unit"]].pk, row["node"], row["value"], int(row["rank"]))
        for row in _read_rows("published.csv")
    ]
    record_printed_figures(data_set, figures, actor=manager)
    record_place_figures(data_set, _place_figures(data_set), actor=manager)
    return publish_data_set(data_set, actor=manager)


def _place_figures(data_set: DataSet) -> list[PlaceFigure]:
    provinces = Province.objects.filter(cities__in=data_set.city_ids).distinct()
    ids = dict(provinces.values_list("name_zh", "pk"))
    return [
        PlaceFigure(ids[row["place"]], row["node"], row["value"])
        for row in _read_rows("published_provinces.csv")
    ]


def _city_row(*, aliases: str, latitude: str, longitude: str, **names: Any) -> CityRow:
    return CityRow(
        aliases=tuple(filter(None, aliases.split(";"))),
        latitude=float(latitude),
        longitude=float(longitude),
        **names,
    )


def _read(name: str) -> bytes:
    return (FILES / name).read_bytes()


def _read_rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_read(name).decode().splitlines()))
