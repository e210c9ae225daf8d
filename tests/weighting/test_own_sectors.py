"""Sectors that are words of a panel's own: read, told apart from k on, and fixed with the round's opening."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.factories import make_account, make_panel, make_round, sign_in_staff
from tests.weighting.test_statistics import mark_aggregated, reported_sectors, scores_of, sector_round
from weighting.enums import Sector
from weighting.models import Ballot, Expert, Panel
from weighting.selectors.round_history import composition_of
from weighting.services.rounds import close_round
from weighting.services.sectors import masked_sector_for, sector_of

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

IMPORT = reverse("weighting:panel-import")
GROWERS, MERCHANTS = "Growers & co-operatives", "酒商"


def send(client, text, **answers):
    file = SimpleUploadedFile("panel.csv", text.encode())
    return client.post(IMPORT, {"name": "Of a region", "file": file, **answers})


def test_a_file_says_them_and_the_page_shows_them_before_they_are_kept(client):
    sign_in_staff(client, make_account())
    text = f"name,sector\nA,{GROWERS}\nB,{MERCHANTS}\nC,industry\n"

    page = send(client, text)

    assert page.status_code == 422
    assert f'name="reading-sector:{MERCHANTS}"' in page.text
    assert "keep it: a sector of this panel’s own" in page.text
    assert not Panel.objects.exists()
    answers = {f"reading-sector:{word}": "own" for word in (GROWERS, MERCHANTS)}
    assert send(client, text, read=page.context["read"], **answers).status_code == 302
    panel = Panel.objects.get()
    assert list(panel.experts.values_list("sector", flat=True)) == [GROWERS, MERCHANTS, "industry"]
    seen = client.get(reverse("weighting:panel-detail", args=[panel.pk]))
    assert all(name in seen.text for name in ("Growers &amp; co-operatives", MERCHANTS, "Industry"))


def test_their_means_stand_on_the_page_in_the_report_in_the_file_and_in_the_api(client):
    sizes = {GROWERS: 5, MERCHANTS: 6, Sector.GOVERNMENT: 5}
    round_ = reported_sectors(sizes, scores=lambda place, code: 5 if place < 5 else 2)
    sign_in_staff(client, round_.managers.get())
    for name in ("round-statistics", "round-report"):
        page = client.get(reverse(f"weighting:{name}", args=[round_.pk])).text
        assert "Growers &amp; co-operatives" in page
        assert MERCHANTS in page
    address = reverse("weighting:round-statistics-export", args=[round_.pk])
    head = b"".join(client.get(address, {"format": "csv"})).decode()
    assert f"Mean: {GROWERS}" in head
    body = client.get(reverse("weighting:api-round-statistics", args=[round_.pk])).json()
    # Those of every panel first, then its own in the order of its experts.
    assert [sector["sector"] for sector in body["sectors"]] == ["government", GROWERS, MERCHANTS]
    assert set(body["sectors"][1]["means"]) == {5.0}
    assert composition_of(round_).sectors == [("Government", 5), (GROWERS, 5), (MERCHANTS, 6)]


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ({GROWERS: 5, MERCHANTS: 6}, {GROWERS, MERCHANTS}),
        # Four would be told by what is left over.
        ({GROWERS: 4, MERCHANTS: 6}, set()),
        ({GROWERS: 4, MERCHANTS: 6, Sector.OTHER: 1}, {MERCHANTS}),
    ],
)
def test_they_need_k_as_any_sector_does(sizes, kept):
    round_ = sector_round(sizes)

    assert {*Ballot.objects.filter(round=round_).values_list("sector", flat=True)} - {""} == kept


def test_no_number_on_an_open_ballot_stands_for_a_word_of_fewer_than_k():
    panel = make_panel(10)
    for place, expert in enumerate(panel.experts.order_by("code")):
        Expert.objects.filter(pk=expert.pk).update(sector=GROWERS if place < 4 else MERCHANTS)
    round_ = make_round(panel=panel, sealed=10)

    told = [sector_of(ballot, round_) for ballot in Ballot.objects.filter(round=round_)]

    assert sorted(told) == [""] * 4 + [MERCHANTS] * 6


def test_a_word_that_comes_after_the_opening_is_told_apart_in_no_ballot_of_it():
    """Else the numbers of ballots begun before would stand for other sectors than they did."""
    panel = make_panel(10)
    panel.experts.update(sector=GROWERS)
    round_ = make_round(panel=panel, sealed=5)
    before = [ballot.masked_sector for ballot in Ballot.objects.filter(round=round_).order_by("pk")]
    last = panel.experts.order_by("-code").values_list("pk", flat=True)[:1]
    Expert.objects.filter(pk__in=list(last)).update(sector=MERCHANTS)
    late = round_.invitations.filter(expert__sector=MERCHANTS).select_related("expert").first()
    ballot = Ballot(round=round_)
    ballot.masked_sector = masked_sector_for(late, ballot.pk, round_=round_)

    assert sector_of(ballot, round_) == ""
    begun = Ballot.objects.filter(round=round_).order_by("pk")
    assert [ballot.masked_sector for ballot in begun] == before
    assert {sector_of(ballot, round_) for ballot in begun} == {GROWERS}


def test_rounds_that_opened_before_there_were_any_read_as_they_did(monkeypatch):
    monkeypatch.setattr("weighting.services.sectors._mask", lambda _ballot_id: 7)
    round_ = make_round(panel=make_panel(6))
    assert round_.own_sectors == []

    read = [sector_of(Ballot(round=round_, masked_sector=number), round_) for number in range(5)]

    assert read == ["government", "other", "", "academic", "industry"]


def test_an_expert_who_is_added_has_one_that_the_panel_knows(client):
    panel = make_panel(6)
    panel.experts.update(sector=GROWERS)
    round_ = make_round(panel=panel)
    sign_in_staff(client, round_.managers.get())
    address = reverse("weighting:round-expert-add", args=[round_.pk])
    said = {"code": "E900", "name": "New", "language": "en"}

    assert client.post(address, {**said, "sector": MERCHANTS}).status_code == 422
    assert client.post(address, {**said, "sector": GROWERS}).status_code == 302
    assert Expert.objects.get(code="E900").sector == GROWERS


def test_a_round_over_again_has_those_of_its_own_opening():
    panel = make_panel(6)
    panel.experts.update(sector=GROWERS)
    first = close_round(make_round(panel=panel, sealed=6, scores=scores_of), actor=panel.created_by)
    panel.experts.update(sector=MERCHANTS)
    second = make_round(panel=panel)

    assert (first.own_sectors, second.own_sectors) == ([GROWERS], [MERCHANTS])
    assert mark_aggregated(first).sectors[-1] == GROWERS
