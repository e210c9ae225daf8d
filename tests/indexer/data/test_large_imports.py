"""What is large comes in the same way: at once or as a draft, in as many queries, and as far as it may."""

import tracemalloc

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from indexer.forms.registers import RegisterImportForm
from indexer.intake import mapping, registers
from indexer.intake.files import operator_limits, read_file
from indexer.intake.hints import unit_key
from indexer.intake.mapping import Match, UnitNames, match_rows
from indexer.intake.registers import BYTES_A_UNIT, operator_units
from indexer.models import DataImport, Register
from indexer.names import normalise_unit_name
from indexer.selectors import unit_names
from indexer.services import registers as registers_service
from indexer.services.data_imports import Terms, start_import, store_import, store_read
from indexer.services.import_reading import DataFile
from indexer.services.mapped_imports import map_import, read_mapped
from indexer.services.methods import use_method
from indexer.services.registers import default_register
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_cities
from weighting.enums import Role
from weighting.forms.uploads import MEGABYTE, PanelImportForm
from weighting.readers import FileProblems, ProblemLog

pytestmark = pytest.mark.django_db
LEAVES = ("fixed", "mobile", "retail", "finance", "travel")


@pytest.fixture
def owner(client):
    account = make_account(Role.ANALYST)
    sign_in_staff(client, account)
    return account


def sent(owner, framework, units):
    lines = [",".join(["unit", *LEAVES, "extra"])]
    lines += [f"City {unit},{unit}.5,2.25,{unit / 4},4.5,5.5,9" for unit in range(1, units + 1)]
    terms = Terms(
        framework=framework, register=default_register(), year=2016, method=use_method(), name_en="Large"
    )
    data = DataFile("\n".join(lines).encode(), "data.csv")
    return {"data": data, "totals": None, "terms": terms, "actor": owner}


@pytest.mark.postgres
def test_what_is_stored_at_once_is_what_a_draft_becomes(owner):
    make_cities(4, actor=owner)
    file = {**sent(owner, make_framework(), 4), "leave_out": True, "columns": {"extra": "beside"}}
    stored = []
    for store in (
        lambda: store_read(read_mapped(**file), actor=owner),
        lambda: store_import(map_import(**file), actor=owner),
    ):
        with transaction.atomic():
            edition = store()
            edition.refresh_from_db()
            assert not DataImport.objects.exists()
            kept = ("values", "totals", "auxiliary")
            blocks = [bytes(getattr(edition, name)) for name in kept]
            stored.append((blocks, edition.sha256, edition.mapping, edition.file_sha256, edition.city_ids))
            transaction.set_rollback(True)
    assert stored[0] == stored[1]
    assert len(stored[0][0][0]) == 4 * len(LEAVES) * 8


def test_mapping_and_check_take_the_same_queries_for_any_number_of_units(client, owner):
    make_cities(60, actor=owner)
    framework = make_framework()
    counts = []
    for units in (3, 60):
        draft = start_import(**sent(owner, framework, units))
        for page in ("import-mapping", "import-check"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(f"indexer:{page}", args=[draft.pk])).status_code == 200
            counts.append(len(queries))
    assert counts[:2] == counts[2:]


def test_a_register_of_more_units_than_may_be_is_refused():
    file = b"name_en\nA\nB\nC\n"
    assert len(registers.read_register(file, "r.csv", everything=("", "All"))) == 3
    with pytest.raises(FileProblems, match="more than 2 units"):
        registers.read_register(file, "r.csv", everything=("", "All"), most=2)


def test_a_register_may_have_a_file_as_large_as_a_request():
    def file():
        return SimpleUploadedFile("r.csv", b"name_en\n".ljust(11 * MEGABYTE))

    form = RegisterImportForm(
        {"name_en": "Towns", "unit_en": "town"}, {"file": file()}, registers=Register.objects.all()
    )
    assert "file" not in form.errors
    # Other forms take ten megabytes.
    assert "file" in PanelImportForm({"name": "Panel"}, {"file": file()}).errors


@pytest.mark.parametrize("name", ["AbC1", "St Ives", " x ", "镇", "İ", "1", "", "a-b", "ß", "Ａ"])
def test_a_plain_word_has_the_key_that_any_name_has(name):
    assert unit_key(name) == normalise_unit_name(name).casefold()


def test_what_a_command_may_read_follows_the_memory_set_aside(settings):
    settings.IMPORT_MEMORY_MB = 1
    limits, log = operator_limits(), ProblemLog("data.csv")
    cells = b"unit,a,b\n" + b"X,1.5,2.5\n" * 7_000

    assert read_file(cells, "data.csv", log, limits) is None
    assert read_file(b"unit,a\n".ljust(600_000), "data.csv", log, limits) is None
    too_many, too_large = (str(problem) for problem in log.problems)
    assert "more than 20,833 cells" in too_many
    assert "IMPORT_MEMORY_MB" in too_many
    assert "larger than 0 MB" in too_large
    assert "IMPORT_MEMORY_MB" in too_large
    settings.IMPORT_MEMORY_MB = 2
    assert read_file(cells, "data.csv", ProblemLog("data.csv"), operator_limits())
    assert operator_units() == 2_000_000 // BYTES_A_UNIT


@pytest.mark.postgres
def test_a_block_goes_to_the_database_as_it_is(owner):
    """Written into the statement, as PostgreSQL's adapter does otherwise, it is several times over."""
    make_cities(40, actor=owner)
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        edition = store_read(read_mapped(**sent(owner, make_framework(), 40), leave_out=True), actor=owner)
    (insert,) = (query["sql"] for query in queries if 'INTO "indexer_dataset"' in query["sql"])
    assert connection.vendor == "sqlite" or bytes(edition.values)[:8].hex() not in insert
    edition.refresh_from_db()
    assert len(edition.values) == 40 * len(LEAVES) * 8


def test_a_register_takes_no_more_memory_for_each_unit_than_is_counted_on(owner):
    """Both names, a code, places and a grouping: of all units no more is held than what they are found by."""

    def peak_of(units):
        head = "name_zh,name_en,code,province_zh,province_en,latitude,longitude,group_size\n"
        lines = (
            f"镇{n:06d},Town {n:06d},T{n:06d},省,Province,{n % 90}.5,{n % 90}.25,Big" for n in range(units)
        )
        file = (head + "\n".join(lines)).encode()
        words = registers_service.RegisterWords(name_zh=f"册{units}", name_en=f"Register {units}")
        tracemalloc.start()
        made = registers_service.import_register(source=file, filename="units.csv", actor=owner, into=words)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert made.cities.filter(memberships__group__name_en="Big").count() == units
        return peak

    peak_of(10)
    # Both are many of the batches that units are written in.
    few, many = peak_of(1_000), peak_of(3_000)
    assert (many - few) / 2_000 < BYTES_A_UNIT


def test_an_import_keeps_nothing_of_the_register_that_its_file_does_not_name(owner, monkeypatch):
    """A register may have a million units, and a file ten."""
    monkeypatch.setattr(unit_names, "MOST_KEPT", 1_000)
    framework = make_framework()

    def peak_of(registered, units):
        make_cities(registered, actor=owner)
        file = sent(owner, framework, units)
        tracemalloc.start()
        with transaction.atomic():
            read_mapped(**file, leave_out=True)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    # The keys of so many names are kept for whatever is asked next.
    peak_of(6_000, 10)
    # More than are fetched at a time.
    few, many = peak_of(3_000, 10), peak_of(6_000, 10)
    assert (many - few) / 3_000 < 200


def test_in_a_large_register_a_label_spelt_otherwise_is_found_among_those_it_may_mean(monkeypatch):
    units = [
        UnitNames(str(n), f"城{n}市", f"城{n}市", (f"城{n}市", f"Town {n}, Rep."), (f"Old {n}",), (f"T{n}",))
        for n in range(500)
    ]
    labels = ["城7市", "城8", "old 9", "Republic Town 10", "t11", "城500市", "", "合计", "Nowhere"]
    few = match_rows(labels, units)
    monkeypatch.setattr(mapping, "MOST_UNITS_COMPARED", 100)
    meant, init = [], mapping.UnitRegister.__init__
    monkeypatch.setattr(
        mapping.UnitRegister, "__init__", lambda self, names: meant.extend(names) or init(self, names)
    )
    many = match_rows(labels, units)
    for label, one, other in zip(labels, few, many, strict=True):
        # Near names alone are not looked for.
        assert other == (one if one.is_settled else Match("")), label
    assert [match.to for match in many] == ["7", "8", "9", "10", "11", "", "", "totals", ""]
    assert meant == ["城8市", "城9市", "城10市"]
