"""The profile of a unit on paper: one sheet of A4, however many indicators an index of the usual size has."""

import re

import pytest

from indexer.models import City, Run
from indexer.services.published import draft_index, publish_edition
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account
from tests.indexer.factories import make_data_set, make_version
from tests.indexer.finished_runs import random_values
from tests.indexer.public.human_development import TERMS, publish_human_development
from weighting.enums import Role
from weighting.services.frameworks import import_framework

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BRANCHES, LEAVES = 4, 23


def publish_large(owner):
    """Publish an index of 92 indicators with long names and units, in four sub-indices."""
    rows = ["code,parent,name_zh,name_en,unit"]
    rows += [f"b{b},,分指数{b},Sub-index number {b}," for b in range(BRANCHES)]
    rows += [
        f"b{b}x{n},b{b},第{n}项关于城市服务的指标,Official indicator of public services {n},number per month"
        for b in range(BRANCHES)
        for n in range(LEAVES)
    ]
    framework = import_framework(
        source="\n".join(rows).encode(), filename="f.csv", name_zh="大", name_en="Large", actor=owner
    )
    data_set = make_data_set(framework, values=1e6 * random_values(12, BRANCHES * LEAVES), actor=owner)
    make_version(framework, actor=owner)
    compute_waiting_runs(data_set.pk)
    index = draft_index(slug="large", terms=TERMS, actor=owner)
    return publish_edition(index, run=Run.objects.get(data_set=data_set), actor=owner)


def test_a_profile_is_printed_on_one_sheet(live_server, browser):
    owner = make_account(Role.MANAGER)
    publish_human_development(owner)
    large = publish_large(owner)
    unit = City.objects.get(pk=large.run.data_set.city_ids[0])
    for language in ("en", "zh-hans"):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        for path in ("human-development/units/TCD/", f"large/units/~{unit.pk}/"):
            page = context.new_page()
            page.goto(f"{live_server.url}/i/{path}?lang={language}")
            sheets = re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True))
            assert len(sheets) == 1, (path, language)
        context.close()
