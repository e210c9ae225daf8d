"""deploy/grafana/quanheng.json asks for figures that there are, by labels that they bear."""

import json
import re

import pytest
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from config.broker import client_of
from tests.processes import running_valkey
from upkeep import metrics
from upkeep.metrics import count_answer, metrics_text

DASHBOARD = settings.BASE_DIR / "deploy" / "grafana" / "quanheng.json"
ASKED = re.compile(r"\b(quanheng_\w+)")
LABELS = re.compile(r"by \(([^)]*)\)|(\w+)=~?\"|{{(\w+)}}")


@pytest.fixture
def told(db, monkeypatch, tmp_path):
    """Every figure's name, and the labels of each; the broker's figures are told while it answers alone."""
    with running_valkey(tmp_path) as address:
        # Celery itself keeps the broker that it began with, for all tests of this process.
        monkeypatch.setattr(metrics, "client_of", lambda _url, timeout: client_of(address, timeout=timeout))
        return labels_told()


def labels_told():
    count_answer(page="weighting:ballot-item-save", method="POST", status=200, seconds=0.01)
    found = {}
    for family in text_string_to_metric_families(metrics_text().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_panel_asks_for_what_is_told(told):
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len(panels) > 10
    for panel in panels:
        for target in panel["targets"]:
            names = set(ASKED.findall(target["expr"]))
            assert names, panel["title"]
            assert names <= set(told), panel["title"]
            labels = _labels_of(target["expr"] + target["legendFormat"])
            assert labels <= set().union(*(told[name] for name in names)), panel["title"]


def test_every_figure_has_a_panel(told):
    asked = ASKED.findall(DASHBOARD.read_text())
    families = {re.sub(r"_(total|bucket|sum|count|created)$", "", name) for name in told}
    assert families == {re.sub(r"_(total|bucket)$", "", name) for name in asked}


def _labels_of(text):
    return {
        name.strip()
        for found in LABELS.findall(text)
        for part in found
        for name in part.split(",")
        if name.strip()
    }
