"""A database of the last release is upgraded, and none of it is lost."""

import json

import pytest

from tests.upkeep.stores import Store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

# Methods that were chosen whole, and stated cell by cell; the tables of before, whose experts had an address
# each and whose methods chosen whole kept no cells; then up, as an operator does it.
UP = """
import json
from django.apps import apps
from django.db import IntegrityError, connection
from indexer.models import FrameworkMethod
from indexer.services.methods import MethodChoice, set_default_method
from tests.factories import make_account, make_framework
from weighting.immutability import missing_triggers
call('migrate', verbosity=0)
ada, said = make_account(username='ada'), {'infra': {'aggregation': 'arithmetic'}}
choice = MethodChoice(aggregation='geometric', nodes=said)
for is_whole in (True, False):
    set_default_method(make_framework(), choice=choice, actor=ada, is_whole=is_whole)
call('migrate', 'indexer', '0058_states_of_runs_by_data_set', verbosity=0)
call('migrate', 'weighting', '0025_ended_rounds_lie_apart', verbosity=0)
methods = FrameworkMethod.objects.order_by('pk')
print('kept before', json.dumps(list(methods.values_list('cells')), sort_keys=True))
write = connection.cursor().execute
now = 'CURRENT_TIMESTAMP'
write("INSERT INTO weighting_panel (name, created_by_id, created_at)"
      f" SELECT 'P', id, {now} FROM weighting_account WHERE username = 'ada'")
def add(code, email):
    write("INSERT INTO weighting_expert (panel_id, code, name, email, organisation, sector, language)"
          f" SELECT id, '{code}', '{code}', '{email}', '', 'other', 'en' FROM weighting_panel")
add('E1', 'one@x.example')
add('E2', 'two@x.example')
call('upgrade', verbosity=0)
print('guards missing', missing_triggers(connection))
add('E3', '')
add('E4', '')
try:
    add('E5', 'two@x.example')
except IntegrityError:
    print('still one of each')
Expert = apps.get_model('weighting', 'Expert')
print(sorted(Expert.objects.values_list('code', 'email')))
print('kept now', json.dumps(list(methods.values_list('cells', 'is_whole')), sort_keys=True))
"""


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path)
    yield made
    made.end()


def test_nothing_of_a_database_of_the_last_release_is_lost(store):
    said = store.run(UP)
    cells = {"leaves": {}, "nodes": {"infra": {"aggregation": "arithmetic"}}}
    assert f"kept before {json.dumps([[{}], [cells]])}" in said
    assert f"kept now {json.dumps([[cells, True], [cells, False]])}" in said
    assert "guards missing []" in said
    assert "still one of each" in said
    assert "[('E1', 'one@x.example'), ('E2', 'two@x.example'), ('E3', ''), ('E4', '')]" in said
