"""Headings of pages, as they may break on a phone."""

import pytest
from django.template import Context, Template

HEADING = Template("{% load headings %}{{ title|kept_together }}")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("新西兰在 158 个国家中居首", "新西兰在 158\u00a0个国家中居首"),
        ("158 个国家的总指数得分分布图", "158\u00a0个国家的<wbr>总指数得分分布图"),
        ("351 个城市中，前 10 名占 38%", "351\u00a0个城市中，前\u00a010\u00a0名占 38%"),
        ("“创新创业”的权重差别最大", "“创新创业”\u2060的<wbr>权重差别最大"),
        ("目的", "目的"),
        ("Norway leads 3 cities", "Norway leads 3 cities"),
        ("<b>5 个</b>的", "&lt;b&gt;5\u00a0个&lt;/b&gt;的"),
    ],
)
def test_a_number_stays_with_its_chinese_word(title, shown):
    assert HEADING.render(Context({"title": title})) == shown


TITLE = Template("{% load headings %}{{ title|title_kept_together }}")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("The first 10 of 351 cities hold 38.2 %", "The first 10\u00a0of 351\u00a0cities hold 38.2\u00a0%"),
        ("Sub-indices and level-1 indicators", "Sub-indices and level-\u20601\u00a0indicators"),
        ("新西兰在 158 个国家中居首", "新西兰在 158\u00a0个国家中居首"),
        ("<b>5 x</b>", "&lt;b&gt;5\u00a0x&lt;/b&gt;"),
    ],
)
def test_in_the_title_of_a_page_a_number_stays_with_its_english_word(title, shown):
    assert TITLE.render(Context({"title": title})) == shown
