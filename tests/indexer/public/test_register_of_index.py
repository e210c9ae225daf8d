"""A stranger reads of which edition of the register the units are, and that names were filled in later."""

import pytest

from indexer.models import City, Register
from indexer.services.register_editions import CorrectionFile, correct_register
from indexer.services.registers import import_countries
from tests.factories import make_account
from weighting.enums import Role

pytestmark = pytest.mark.django_db
INDEX = "/i/human-development/"
CHINESE = {"Accept-Language": "zh-hans"}
LATER = "Names, codes or coordinates that some units lacked were filled in later"


def test_the_edition_of_the_register_is_named(client, human_development):
    register = human_development.run.data_set.series.register
    page = client.get(INDEX).content.decode()
    assert f"{register.name}, edition 1" in page
    assert LATER not in page
    assert "第 1 版" in client.get(INDEX, headers=CHINESE).content.decode()


def test_names_that_were_filled_in_since_are_said_to_be(client, human_development):
    register = human_development.run.data_set.series.register_id
    City.objects.filter(register=register, code="NOR").update(name_zh="")
    tag = client.get(INDEX)["ETag"]
    import_countries(actor=make_account(Role.ANALYST))
    assert City.objects.get(register=register, code="NOR").name_zh == "挪威"
    page = client.get(INDEX, headers={"If-None-Match": tag})
    assert (page.status_code, LATER in page.content.decode()) == (200, True)
    assert "后来已补上" in client.get(INDEX, headers=CHINESE).content.decode()


def test_a_correction_is_named_with_its_edition(client, human_development):
    register = Register.objects.get(pk=human_development.run.data_set.series.register_id)
    tag = client.get(INDEX)["ETag"]
    file = CorrectionFile(b"name_en,was\nNorge,Norway\n", "c.csv")
    correct_register(register, file=file, reason="Own name", actor=make_account(Role.MANAGER))
    page = client.get(INDEX, headers={"If-None-Match": tag})
    assert "as in its edition 1; edition 2 corrects some units" in page.content.decode()
