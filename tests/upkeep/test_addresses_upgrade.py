"""A database whose experts all had to have an address is upgraded: none of it is lost."""

import pytest

from tests.upkeep.stores import Store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

# The tables of before, whose experts had an address each; then up, as an operator does it.
UP = """
from django.apps import apps
from django.db import IntegrityError, connection
from weighting.immutability import missing_triggers
call('migrate', 'weighting', '0025_ended_rounds_lie_apart', verbosity=0)
write = connection.cursor().execute
now = 'CURRENT_TIMESTAMP'
write("INSERT INTO weighting_account (username, password, first_name, last_name, email, is_staff, is_active,"
      " is_superuser, date_joined, role, language, time_zone)"
      f" VALUES ('ada', '', '', '', '', false, true, false, {now}, 'manager', '', '')")
write("INSERT INTO weighting_panel (name, created_by_id, created_at)"
      f" SELECT 'P', id, {now} FROM weighting_account")
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
"""


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path)
    yield made
    made.end()


def test_who_had_an_address_keeps_it_and_others_come_beside_them(store):
    said = store.run(UP)
    assert "guards missing []" in said
    assert "still one of each" in said
    assert "[('E1', 'one@x.example'), ('E2', 'two@x.example'), ('E3', ''), ('E4', '')]" in said
