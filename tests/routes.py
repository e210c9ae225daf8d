"""Every route of the product, found by walking the resolver, and a world to ask them about."""

import re
from dataclasses import dataclass, field

from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from indexer.enums import Queue
from indexer.models import (
    BranchIndex,
    DataFacts,
    DataImport,
    DataSet,
    Gathering,
    OutsideSeries,
    PublishedIndex,
    Run,
    RunFacts,
    Study,
)
from indexer.services.families import publish_branch
from indexer.services.published import draft_index
from indexer.services.runs import compute_waiting_runs
from indexer.services.studies import plan_study
from tests.factories import (
    fill_ballot,
    make_account,
    make_framework,
    make_invitation,
    make_panel,
    make_round,
    sign_in_expert,
    sign_in_staff,
)
from tests.indexer.factories import (
    make_data_set,
    make_draft,
    make_gathering,
    make_import,
    make_series,
    make_version,
)
from weighting.enums import Role, RoundState
from weighting.models import Account, Framework, FrameworkDraft, Invitation, Panel, Round, WeightVersion
from weighting.services.framework_drafts import copy_framework

# They tell of broker, disk and clock, take their time to find none, and change from one moment to the next.
OF_THE_MACHINE = {"health", "upkeep:examination", "upkeep:disk", "upkeep:metrics"}


@dataclass(frozen=True)
class Route:
    """``name`` with its namespaces, or the pattern where there is none."""

    name: str
    pattern: str
    keys: tuple[str, ...]


def find_routes(urlconf=None):
    """Return every route of the resolver."""
    return list(_walk(get_resolver(urlconf).url_patterns, "", ""))


def _walk(patterns, prefix, namespace):
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, path, inner)
        elif isinstance(pattern, URLPattern):
            keys = tuple(pattern.pattern.converters) or tuple(pattern.pattern.regex.groupindex)
            yield Route(f"{namespace}{pattern.name or path}", path, keys)


def without_tokens(content):
    """Return a page without its CSRF tokens, which are masked anew in every answer."""
    content = re.sub(rb'(name="csrfmiddlewaretoken" value=)"\w+"', rb"\1", content)
    # What is shown once is signed with the moment.
    content = re.sub(rb'(name="shown" value="[^":]*):[^"]*"', rb"\1", content)
    return re.sub(rb"(X-CSRFToken[^:]{0,8}:[^\w]{0,12})\w{64}", rb"\1", content)


@dataclass
class World:
    """One manager's unpublished things and an open round in progress, seen by six visitors."""

    manager: Account
    framework: Framework
    panel: Panel
    round: Round
    invitation: Invitation
    draft: WeightVersion
    version: WeightVersion
    data_set: DataSet
    run: Run
    study: Study
    data_import: DataImport
    gathering: Gathering
    branch: BranchIndex
    series: OutsideSeries
    tree: FrameworkDraft
    published: PublishedIndex
    visitors: dict[str, Client] = field(default_factory=dict)

    def address_of(self, route):
        try:
            return reverse(route.name, kwargs=self.arguments_of(route))
        except NoReverseMatch:
            return "/" + re.sub(r"\(.*\)|<.*?>|\$", "nothing", route.pattern)

    def ask(self, visitor, method, address, *sent, **further):
        """Return the answer to one request; whatever it changed is undone."""
        client = self.visitors[visitor]
        before, point = client.cookies.copy(), transaction.savepoint()
        try:
            return getattr(client, method.lower())(address, *sent, **further)
        finally:
            transaction.savepoint_rollback(point)
            client.cookies = before

    def arguments_of(self, route):
        """Return what stands in the route's address, by key."""
        kind = route.name.split(":")[-1].removeprefix("api-").split("-")[0]
        frozen = route.name.startswith("weighting:api-version") or route.name.endswith("version-manifest")
        version = self.version if frozen else self.draft
        own = {
            "round": self.round,
            "invitation": self.round,
            "framework": self.framework,
            "panel": self.panel,
            "version": version,
            "run": self.run,
            "study": self.study,
            "index": self.branch,
            "series": self.series,
            "tree": self.tree,
            "ranking": self.run,
            "data": self.data_set,
            "import": self.data_import,
            "gathering": self.gathering,
            "register": self.data_import.register,
            "person": self.manager,
            "publishing": self.published,
        }
        known = {
            "pk": own[kind].pk if kind in own else 0,
            "city_pk": self.data_set.city_ids[0],
            "row": 0,
            "invitation_pk": self.invitation.pk,
            "code": "infra",
            "name": self.published.slug,
            "number": 1,
            "section": "data",
            "example": "framework",
            "ending": "csv",
            "token": "not-a-token",
            "provider_id": "oidc",
            "figure": "composition",
            "table": "groups",
            "kind": "invitation",
            "listed": "counted",
            "plan_pk": 0,
            "format": "csv" if kind == "version" else "svg",
            "address": "nothing",
            "object_id": self.manager.pk,
            "content_type_id": 1,
            "app_label": "axes",
            "url": "nothing/",
            "id": self.manager.pk,
        }
        return {key: known[key] for key in route.keys}


def make_world(scores=None):
    """Build the world; ``scores(place, code)`` are what the experts answer in the open round."""
    manager = make_account(Role.MANAGER, username="owner")
    framework, panel = make_framework(owner=manager), make_panel(6, owner=manager)
    scores = scores or (lambda place, code: (place + len(code)) % 5 + 1)
    round_ = make_round(
        manager=manager, framework=framework, panel=panel, state=RoundState.OPEN, sealed=3, scores=scores
    )
    invitation = make_invitation(round_, place=3)
    fill_ballot(invitation, scores=lambda code: scores(3, code), skip=["travel"])
    # The branch ranks the cities otherwise than the whole does, so that its figure has something to show.
    values = [[90, 80, 1, 2, 3], [10, 20, 90, 80, 70], [50, 40, 30, 20, 10]]
    data_set = make_data_set(framework, values=values, actor=manager)
    version, draft = make_version(framework, actor=manager), make_draft(framework, tilt=1, actor=manager)
    compute_waiting_runs(data_set.pk)
    run = Run.objects.select_related("weight_version").get(data_set=data_set)
    series = make_series(data_set.city_ids, actor=manager)
    study = plan_study(run, kind="noise", sent={"draws": 100, "seed": 0, "nu": 0.1}, actor=manager)
    branch = publish_branch(
        framework.indicators.filter(is_leaf=False).first(), name_zh="甲", name_en="A", actor=manager
    )
    # The world is small; this is how those of a large one stand.
    DataFacts.objects.create(data_set=data_set, queue=Queue.BULK)
    RunFacts.objects.create(run=run, queue=Queue.BULK)
    world = World(
        manager=manager,
        framework=framework,
        panel=panel,
        round=round_,
        invitation=invitation,
        draft=draft,
        version=version,
        data_set=data_set,
        run=run,
        study=study,
        data_import=make_import(framework, actor=manager),
        gathering=make_gathering(framework, actor=manager),
        branch=branch,
        series=series,
        tree=copy_framework(framework, actor=manager),
        published=draft_index(
            slug="liveability",
            terms={"name_en": "Liveability", "description_en": "How liveable cities are."},
            actor=manager,
        ),
    )
    world.visitors = {
        "anonymous": Client(raise_request_exception=False),
        "expert": sign_in_expert(Client(), invitation),
        "other expert": sign_in_expert(Client(), make_invitation(round_, place=4)),
        "manager": sign_in_staff(Client(), manager),
        "other manager": sign_in_staff(Client(), make_account(Role.MANAGER)),
        "analyst": sign_in_staff(Client(), make_account(Role.ANALYST)),
        "administrator": sign_in_staff(
            Client(), make_account(Role.ADMINISTRATOR, is_staff=True, is_superuser=True)
        ),
    }
    return world
