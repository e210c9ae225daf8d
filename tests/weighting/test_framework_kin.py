"""What came before a framework that was brought as a file: by page, API and command."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from tests.factories import make_account, make_framework, sign_in_staff
from weighting.enums import Role
from weighting.exceptions import Refused
from weighting.models import AuditEntry
from weighting.selectors.frameworks import indicators_by_framework, kindred_frameworks
from weighting.services.framework_kin import follow_framework

pytestmark = pytest.mark.django_db
BEFORE = {"air": {"dust": {}, "ozone": {}}, "water": {"taps": {}}}
AFTER = {"A": {"A1": {}, "ozone": {}}, "W": {"dust": {}}}
WAS = {"A": "air", "A1": "dust", "W": "water"}


@pytest.fixture
def owner():
    return make_account(Role.ANALYST, username="anna")


@pytest.fixture
def editions(owner):
    return make_framework(BEFORE, owner=owner), make_framework(AFTER, owner=owner)


def kin_of(framework):
    return {node.code: node.kin for node in indicators_by_framework([framework.pk, 0])[framework.pk]}


def test_nodes_are_those_that_they_are_said_to_be_and_others_by_their_codes(owner, editions):
    before, after = editions
    after = follow_framework(after, source=before, was=WAS, actor=owner)
    assert after.former_codes == {**WAS, "dust": ""}
    assert (after.came_from, kindred_frameworks(after.pk), kindred_frameworks(before.pk)) == (
        before, [before.pk], [after.pk],
    )  # fmt: skip
    kin = kin_of(after)
    assert (kin["A1"], kin["ozone"], kin["A"]) == ("dust", "ozone", "air")
    # Its code was taken over by another node: it is new.
    assert kin["dust"] not in ("dust", "taps")
    assert AuditEntry.objects.filter(act="follow").count() == 1


def test_what_cannot_be_meant_is_refused_all_at_once(owner, editions):
    before, after = editions
    with pytest.raises(Refused) as refused:
        follow_framework(
            after, source=before, was={"A": "air", "A1": "air", "X": "", "W": "sea"}, actor=owner
        )
    told = " ".join(refused.value.blockers)
    for said in ("no code X", "no code sea, which W is said", "Two codes are said to have been air"):
        assert said in told
    follow_framework(after, source=before, was={}, actor=owner)
    with pytest.raises(Refused, match="itself an edition of this"):
        follow_framework(before, source=after, was={}, actor=owner)


def test_the_page_asks_for_the_edition_before_and_fills_in_what_is_likely(client, owner, editions):
    before, after = editions
    sign_in_staff(client, owner)
    address = reverse("weighting:framework-former", args=[after.pk])
    assert address in client.get(reverse("weighting:framework-detail", args=[after.pk])).text
    assert "codes-before" not in client.get(address).text
    page = client.get(address, {"of": before.pk})
    filled = {row.node.code: (row.field, row.was) for row in page.context["rows"]}
    assert {code: was for code, (_field, was) in filled.items() if was} == {"dust": "dust", "ozone": "ozone"}
    sent = {
        field: WAS.get(code, "ozone" if code == "ozone" else "") for code, (field, _was) in filled.items()
    }
    wrong = client.post(address, {**sent, filled["A"][0]: "sky", "of": before.pk})
    assert (wrong.status_code, "no code sky" in wrong.text, 'value="sky"' in wrong.text) == (422, True, True)
    client.post(address, {**sent, "of": before.pk})
    after.refresh_from_db()
    assert (after.came_from, after.former_codes) == (before, {**WAS, "dust": ""})
    assert {row.node.code: row.was for row in client.get(address).context["rows"]}["A1"] == "dust"
    client.post(address, {"of": ""})
    after.refresh_from_db()
    assert (after.came_from, after.former_codes) == (None, {})


def test_names_tell_what_codes_do_not(client, owner):
    before = make_framework({"k1": {}, "k2": {}}, owner=owner)
    after = make_framework({"n1": {}, "n2": {}}, owner=owner)
    before.indicators.filter(code="k2").update(name_en="Clean taps")
    after.indicators.filter(code="n1").update(name_en="clean Taps")
    sign_in_staff(client, owner)
    page = client.get(reverse("weighting:framework-former", args=[after.pk]), {"of": before.pk})
    assert {row.node.code: row.was for row in page.context["rows"]} == {"n1": "k2", "n2": ""}


def test_a_program_says_the_same(client, owner, editions):
    before, after = editions
    sign_in_staff(client, owner)
    address = reverse("weighting:api-framework-former", args=[after.pk])

    def send(**body):
        answer = client.post(address, body, content_type="application/json")
        return answer.status_code, answer.json()

    assert send(of=before.pk, was={"A": "sky"})[0] == 422
    status, body = send(of=before.pk, was=WAS)
    assert (status, body["came_from"], body["former_codes"]) == (200, before.pk, {**WAS, "dust": ""})
    assert send(of=None)[1] == {"id": after.pk, "came_from": None, "former_codes": {}}
    assert send(of=10**6)[0] == 404
    sign_in_staff(client, make_account(Role.ANALYST))
    assert send(of=before.pk)[0] == 404


def test_a_command_says_the_same(owner, editions, tmp_path, capsys):
    before, after = editions
    path = tmp_path / "codes.csv"
    path.write_text("Code;Was\n" + "".join(f"{code};{was}\n" for code, was in WAS.items()))
    call_command("follow_framework", after.pk, of=before.pk, codes=path, account="anna")
    after.refresh_from_db()
    assert (after.came_from, after.former_codes) == (before, {**WAS, "dust": ""})
    assert capsys.readouterr().out == f"{after.pk} follows {before.pk}\n"
    path.write_text("code\nA\n")
    with pytest.raises(CommandError, match="column is missing"):
        call_command("follow_framework", after.pk, of=before.pk, codes=path, account="anna")
    with pytest.raises(CommandError, match="has no framework"):
        call_command("follow_framework", after.pk, of=10**6, account="anna")
