"""A version is frozen, checked by the outsider's program, compared and corrected, in a real browser."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.factories import make_framework
from tests.indexer.factories import make_draft, make_version
from weighting.services.versions import publish_version

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TOOL = Path(__file__).parents[2] / "tools" / "verify_weight_version.py"


def verify(*arguments):
    command = [sys.executable, "-I", "-S", str(TOOL), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def save_manifest(page, folder):
    with page.expect_download() as download:
        page.get_by_role("link", name="Manifest (JSON)", exact=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_manager_freezes_a_stranger_verifies_and_compares(open_page, tmp_path):
    framework = make_framework(is_published=True)
    manager = framework.created_by
    first = publish_version(make_version(framework), actor=manager)
    draft = make_draft(framework, tilt=1)

    page = open_page(f"/weight-versions/{draft.pk}/freeze/", account=manager)
    page.locator("main form button[type=submit]").click()
    page.get_by_role("link", name="Publish the version…").click()
    page.wait_for_url("**/publish/")
    page.locator("main form button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(draft.label_en)

    stranger = open_page(f"/weight-versions/{first.pk}/")
    before = save_manifest(stranger, tmp_path)
    stranger.get_by_role("link", name=f"version 2, {draft.label_en}").click()
    expect(stranger.get_by_role("heading", name="How to cite this version")).to_be_visible()
    manifest = save_manifest(stranger, tmp_path)
    printed = stranger.locator(".definitions .code").first.inner_text()
    done = verify(manifest, "--hash", printed, "--parent", before)
    assert done.returncode == 0, done.stdout

    stranger.get_by_role("link", name="Compare the two along the tree").click()
    expect(stranger.get_by_role("heading", level=1)).to_have_text(
        "22.22 % of the weight moves between the two versions"
    )
    expect(stranger.locator("#movers svg")).to_be_visible()
    with stranger.expect_download() as download:
        stranger.get_by_role("link", name="CSV", exact=True).click()
    assert download.value.path().read_text("utf-8-sig").count("\n") == 15


def test_versions_are_chosen_from_the_list_and_their_base_with_them(open_page):
    framework = make_framework(is_published=True)
    versions = [make_version(framework, tilt=tilt) for tilt in (None, 1, 2)]
    for version in versions:
        publish_version(version, actor=framework.created_by)
    page = open_page("/weight-versions/compare/")
    page.locator("summary", has_text="Compare other versions").click()
    page.locator(f"#version-{versions[0].pk}").check()
    page.locator(f'input[name="base"][value="{versions[0].pk}"]').check()
    page.get_by_role("button", name="Compare", exact=True).click()

    expect(page.locator(".subtitle")).to_contain_text(f"Against version 1, {versions[0].label_en}")
    expect(page.get_by_role("heading", name="What changed in")).to_have_count(2)


def test_a_correction_is_drafted_with_its_reason_and_drawn_in_the_lineage(open_page):
    version = make_version(make_framework())
    page = open_page(f"/weight-versions/{version.pk}/correct/", account=version.created_by)
    page.get_by_label("Reason").fill("A score was misread.")
    page.get_by_role("button", name="Draft the correction").click()

    expect(page.locator("main")).to_contain_text("Reason for the correction: A score was misread.")
    expect(page.locator(".lineage-arc")).to_have_count(1)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("width", [390, 1440])
def test_every_page_fits_its_screen(open_page, live_server, language, width):
    framework = make_framework(is_published=True)
    pair = [make_version(framework), make_version(framework, tilt=1)]
    paths = [
        f"/weight-versions/compare/?versions={pair[0].pk},{pair[1].pk}",
        f"/weight-versions/{pair[1].pk}/",
        f"/weight-versions/{pair[1].pk}/correct/",
        "/weight-versions/",
    ]
    page = open_page(paths[0], account=framework.created_by, language=language, width=width)
    for path in paths:
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond <= 0, f"{path} is {beyond} px too wide at {width} px"
