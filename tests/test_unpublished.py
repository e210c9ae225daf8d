"""What is not published shows to a stranger nowhere: not by name, not by count, not by a tag."""

import re

import pytest
from django.test import Client

from indexer.dispatch import compute_with_method
from indexer.models import DataSet, Run
from indexer.services.data_sets import publish_data_set
from indexer.services.methods import choice_of, use_method
from indexer.services.runs import compute_waiting_runs
from tests.indexer.factories import make_data_set, make_draft, make_series, make_version
from tests.indexer.study_runs import make_study
from tests.routes import find_routes, make_world, without_tokens
from weighting.services.versions import publish_version

pytestmark = pytest.mark.django_db

# The heads of chains count unpublished versions, by which a cut tail is noticed (docs/operations.md); the
# schema is slow to write and knows of no rows.
TOLD = {"weighting:api-version-heads", "schema"}
LISTS = ("/api/v1/runs/", "/api/v1/datasets/", "/compare/", "/runs/", "/studies/", "/data-sets/")


@pytest.fixture
def world():
    """A world whose data set and first version are published."""
    world = make_world()
    publish_version(world.version, actor=world.manager)
    publish_data_set(DataSet.objects.get(pk=world.data_set.pk), actor=world.manager)
    return world


def seen_by_a_stranger(world):
    """Return every answer and every tag, without what masks a form and names its secret."""
    seen = {}
    addresses = {route.name: world.address_of(route) for route in find_routes()}
    for name, address in (addresses | {address: address for address in LISTS}).items():
        if name in TOLD or name.startswith("admin:"):
            continue
        answer = Client(raise_request_exception=False).get(address)
        body = re.sub(rb"\w{64}", b"hash", without_tokens(answer.content))
        public = "public" in answer.headers["Cache-Control"]
        seen[name] = (answer.status_code, body, answer.headers.get("ETag") if public else None)
    return seen


def work_in_secret(world):
    """Freeze, compute by another method, study, draft and bring data; publish none of it."""
    data_set = DataSet.objects.select_related("method").get(pk=world.data_set.pk)
    other = use_method(**vars(choice_of(data_set.method)) | {"normalisation": "minmax"})
    make_version(world.framework, tilt=3, actor=world.manager)
    compute_with_method(data_set, versions=[world.version], method=other, actor=world.manager)
    compute_waiting_runs(data_set.pk)
    make_study(Run.objects.filter(method=other).first(), "noise", actor=world.manager)
    make_draft(world.framework, tilt=4, actor=world.manager)
    make_data_set(world.framework, actor=world.manager)
    make_series(data_set.city_ids, [3, 2, 1], actor=world.manager, name_zh="秘密", name_en="Secret")


def test_a_stranger_sees_no_byte_of_what_is_done_unpublished(world):
    before = seen_by_a_stranger(world)
    work_in_secret(world)
    after = seen_by_a_stranger(world)
    assert {name for name in before if before[name] != after[name]} == set()

    # The control: of the same work, a version that is published shows in lists and counts.
    fresh = Run.objects.filter(data_set=world.data_set).exclude(weight_version=world.version).get()
    publish_version(fresh.weight_version, actor=world.manager)
    control = seen_by_a_stranger(world)
    changed = {name for name in before if before[name] != control[name]}
    assert {"indexer:api-run-list", "indexer:data-set-list", "indexer:api-data-set-progress"} <= changed
