"""Files that would take long to read: none is gone through twice, and nobody waits behind one."""

from contextlib import suppress

import pytest
from django.db import connection

from indexer.intake import registers as register_files
from indexer.models import Register
from indexer.selectors.import_reviews import review_of
from indexer.services import data_imports, mapped_imports
from indexer.services import registers as register_services
from indexer.services.data_imports import Terms, start_import
from indexer.services.import_reading import DataFile
from indexer.services.methods import use_method
from indexer.services.register_editions import CorrectionFile, correct_register
from indexer.services.registers import RegisterWords, import_register
from tests.factories import make_account, make_framework
from tests.indexer.factories import make_data_set
from weighting.models import Indicator
from weighting.readers import FileProblems
from weighting.readers.written import LONGEST

SIGNS = 40_000
# What a text may be filled with that fits a pattern of the readers, but for the last sign.
FILLING = ["_", " ", "\t", ": ", "- ", "-", "(", "*", "¹", "1", "1 ", ",", ".", "东乡", "a ", "2015-"]


@pytest.fixture
def index(db):
    """Return a framework with data and who made it."""
    actor = make_account()
    framework = make_framework(owner=actor)
    make_data_set(framework, actor=actor)
    return framework, actor


def terms_of(framework):
    return Terms(
        framework=framework,
        register=Register.objects.first(),
        name_zh="长",
        name_en="Long",
        year=2016,
        method=use_method(),
    )


def csv(*rows):
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows).encode()


def codes_of(framework):
    return [leaf.code for leaf in Indicator.objects.filter(framework=framework, is_leaf=True)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("filling", FILLING)
def test_a_long_text_is_read_as_soon_as_many_short_ones(index, filling):
    """Some would have kept a whole web process for minutes, whose other threads wait meanwhile."""
    framework, actor = index
    codes = codes_of(framework)
    sent = {"totals": None, "terms": terms_of(framework), "actor": actor}
    for first in "a1":
        long = first + filling * (SIGNS // len(filling)) + "z"
        units = [[f"城市{place:03d}", *("1" for _code in codes)] for place in range(1, 4)]
        wide = [[*row, "1", long] for row in units]
        files = {
            "table.csv": csv(["unit", *codes, f"{long}1", f"{long}2"], *wide, [long, *wide[0][1:]]),
            "titles.csv": csv([long], ["unit", *codes], *units, [long]),
        }
        for name, content in files.items():
            # Read or refused, as long as it is done.
            with suppress(FileProblems):
                review_of(start_import(data=DataFile(content, name), **sent)).draft.delete()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("filling", [" ", "\t", "1 ", "- ", "(", "."])
def test_many_texts_that_are_just_no_number_are_read_as_soon(index, filling):
    """Each is short enough to be searched for one, and none is like another."""
    framework, actor = index
    codes = codes_of(framework)
    filled = (filling * LONGEST)[: LONGEST - 10]
    rows = [[f"城市{place:04d}", *(f"1{filled}{place}!" for _code in codes)] for place in range(500)]
    data = DataFile(csv(["unit", *codes], *rows), "table.csv")
    with suppress(FileProblems):
        review_of(start_import(data=data, totals=None, terms=terms_of(framework), actor=actor))


@pytest.fixture
def locked_while_read(monkeypatch):
    """Collect whether a transaction is under way while a file is read."""
    seen = []

    def watched(read):
        def look(*said, **named):
            seen.append(connection.in_atomic_block)
            return read(*said, **named)

        return look

    monkeypatch.setattr(data_imports, "read_import", watched(data_imports.read_import))
    monkeypatch.setattr(mapped_imports, "read_import", watched(mapped_imports.read_import))
    for holder in (register_services, register_files):
        monkeypatch.setattr(holder, "read_register", watched(holder.read_register))
    monkeypatch.setattr("indexer.services.register_editions.read_register", register_files.read_register)
    return seen


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_while_a_file_is_read(locked_while_read):
    """On SQLite whoever saves a ballot would wait as long."""
    actor = make_account()
    framework = make_framework(owner=actor)
    make_data_set(framework, actor=actor)
    sent = {
        "data": DataFile(csv(["unit", *codes_of(framework)]), "d.csv"),
        "totals": None,
        "terms": terms_of(framework),
    }
    words = RegisterWords(name_zh="县", name_en="Counties", unit_zh="县", unit_en="county")
    units = csv(["code", "name_en"], ["a", "Ash"], ["b", "Birch"])

    register = import_register(source=units, filename="u.csv", actor=actor, into=words)
    correct_register(
        register,
        file=CorrectionFile(csv(["code", "name_en"], ["a", "Aspen"]), "c.csv"),
        reason="Misspelt.",
        actor=actor,
    )
    for begin in (start_import, mapped_imports.map_import):
        with pytest.raises(FileProblems):
            begin(**sent, actor=actor)

    assert locked_while_read == [False] * 4
