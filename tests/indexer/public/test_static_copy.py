"""A static copy: whole in itself, the same bytes each time, bounded, and with nothing but relative links."""

import html
import itertools
import json
import posixpath
import re
from urllib.parse import unquote

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from indexer.packages.archive import package_of
from indexer.selectors.published import find_edition
from indexer.selectors.runs import runs_with_nodes_visible_to
from indexer.selectors.what_if import what_if_of
from indexer.services.published import draft_index, publish_edition
from indexer.views.public import static_copy
from indexer.views.public.copy_links import CopyLinks
from indexer.views.public.static_copy import StaticCopy
from tests.indexer.public.human_development import TERMS

pytestmark = pytest.mark.django_db
PROFILES = 3
LINK = re.compile(r'\s(?:href|src|action)="([^"]*)"')


def copy_of_index():
    edition = find_edition("human-development")
    edition.run = runs_with_nodes_visible_to(None).get(pk=edition.run_id)
    return StaticCopy(edition, PROFILES)


@pytest.fixture(scope="module")
def files(human_development, django_db_blocker):
    with django_db_blocker.unblock():
        return dict(copy_of_index().files())


def pages(files):
    return {name: content.decode() for name, content in files.items() if name.endswith(".html")}


def test_pictures_of_a_copy_are_those_that_are_saved(files):
    assert not [name for name, page in pages(files).items() if "<picture" in page]
    assert not [name for name in files if name.endswith(("narrow.svg", "dark.svg"))]
    assert '<img src="composition.svg"' in pages(files)["en/index.html"]


def test_every_link_leads_to_a_file_of_the_copy_or_elsewhere(files):
    followed, elsewhere = set(), set()
    for at, page in pages(files).items():
        for written in LINK.findall(page):
            url = html.unescape(written)
            if url.startswith("#"):
                continue
            if ":" in url:
                elsewhere.add(url)
                continue
            # Nothing depends on where the copy lies.
            assert not url.startswith("/"), (at, url)
            followed.add(posixpath.normpath(posixpath.join(posixpath.dirname(at), unquote(url))))
    assert followed <= files.keys()
    # Everything is reached from the first page, but for the values, which a script fetches.
    assert files.keys() - followed == {"index.html", "data/values.bin"}
    assert elsewhere == {"https://creativecommons.org/licenses/by/4.0/", "mailto:hdi@example.org"}


def test_sliders_are_told_where_the_values_lie(files):
    data = re.search(r'<script id="what-if-data"[^>]*>(.*?)</script>', pages(files)["en/weights.html"])
    assert json.loads(data[1])["dataUrl"] == "../data/values.bin"
    assert files["data/values.bin"] == what_if_of(find_edition("human-development").run).terms


def test_both_languages_have_the_same_pages(files):
    names = {folder: {n[3:] for n in files if n.startswith(f"{folder}/")} for folder in ("zh", "en")}
    assert names["zh"] == names["en"]
    assert {"index.html", "ranking.html", "weights.html", "composition.svg"} < names["en"]
    assert "Switzerland" in files["en/units/CHE.html"].decode()
    assert "瑞士" in files["zh/units/CHE.html"].decode()


def test_it_is_bounded_and_says_so(files, monkeypatch):
    assert len([name for name in files if name.startswith("en/units/")]) == PROFILES
    index = pages(files)["en/index.html"]
    assert index.count('href="units/') == PROFILES
    # Those without a page are named all the same.
    assert "New Zealand" in index
    assert "41 more countries are in the whole table" in html.unescape(index)
    monkeypatch.setattr(static_copy, "MOST_RANKED", 100)
    with translation.override("en"):
        cut = dict(itertools.islice(copy_of_index()._pages("en"), 2))["en/ranking.html"]
    assert "91 more countries are in the package" in cut


def test_what_a_copy_does_not_hold_is_named_and_never_linked():
    links = CopyLinks({"/i/x/1/": "en/index.html"})
    page = '<a class="t" href="/i/x/1/">index</a> <a href="/runs/1/">run</a> <a href="#top">top</a>'
    assert links.rewrite(page, "en/units/A.html") == (
        '<a class="t" href="../index.html">index</a> <span>run</span> <a href="#top">top</a>'
    )
    with pytest.raises(ValueError, match="does not hold"):
        links.rewrite('<img src="/runs/1/x.svg">', "en/index.html")


def test_the_command_writes_a_new_folder_whole_and_the_same_bytes_each_time(files, tmp_path, capsys):
    out = tmp_path / "site"
    call_command("export_site", "human-development", out=out, profiles=PROFILES)
    written = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert [name for name in files if files[name] != written.get(name)] == []
    assert written.keys() == files.keys()
    assert files["package.zip"] == package_of(find_edition("human-development").run)
    assert "188 units have no page of their own" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [out]

    with pytest.raises(CommandError, match="not an empty folder"):
        call_command("export_site", "human-development", out=out)


def test_a_draft_is_not_copied(human_development, tmp_path):
    draft_index(slug="draft", terms=TERMS, actor=human_development.index.created_by)
    for name in ("draft", "nothing"):
        with pytest.raises(CommandError, match="publish it first"):
            call_command("export_site", name, out=tmp_path / "site")
    with pytest.raises(CommandError, match="edition 7 of human-development"):
        call_command("export_site", "human-development", edition=7, out=tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_copy_of_a_correction_tells_what_changed_until_then(human_development):
    index, reason = human_development.index, "A value of Norway was a misprint."
    publish_edition(index, run=human_development.run, reason=reason, actor=index.created_by)
    second = dict(copy_of_index().files())["en/index.html"].decode()
    assert reason in second
    assert "The first edition." in second
    first = find_edition("human-development", 1)
    first.run = runs_with_nodes_visible_to(None).get(pk=first.run_id)
    assert reason not in dict(StaticCopy(first, 1).files())["en/index.html"].decode()


@pytest.mark.parametrize(
    "asked", [("export_site", "human-development"), ("write_report", "--index", "human-development")]
)
def test_without_collected_files_a_command_says_what_to_run(human_development, settings, tmp_path, asked):
    settings.STATIC_ROOT = tmp_path / "none"
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": manifest}}
    with pytest.raises(CommandError, match="collectstatic --noinput"):
        call_command(*asked, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
