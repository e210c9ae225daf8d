"""Every program in docs/api.md runs as it stands there, against a live server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.models import City, Register, Study
from indexer.selectors.comparison import compare_runs
from indexer.selectors.runs import load_runs
from tests.factories import make_account
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role
from weighting.services.api_tokens import make_api_token

pytestmark = pytest.mark.django_db(transaction=True)

GUIDE = (Path(__file__).parent.parent / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", GUIDE, re.M | re.S)
PROGRAMS = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}


def run(language, text, server, **environment):
    """Return what a program of the guide prints."""
    clean = {"PATH": os.environ["PATH"], "QUANHENG": server.url, **environment}
    done = subprocess.run([*PROGRAMS[language], text], env=clean, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_programs_of_the_guide_run_and_say_what_the_product_knows(live_server):
    runs = make_runs(random_values(7), tilts=[None, 1.7])
    analyst = make_account(Role.ANALYST)
    token = make_api_token(analyst, name="guide")
    said = [run(language, text, live_server, TOKEN=token) for language, text in BLOCKS]

    assert [language for language, _text in BLOCKS] == ["sh", "sh", "python", "python", "python", "sh", "sh"]
    first, second, third, fourth, fifth, sixth, seventh = said
    assert runs[-1].result_sha256 in first
    assert '"rank":3' in first
    assert runs[0].manifest_hash in second
    mean_shift = compare_runs(load_runs(analyst, [run.pk for run in runs])).summaries[0].mean_absolute
    assert float(third.rpartition("R_S: ")[2]) == pytest.approx(mean_shift, rel=1e-12)
    assert "infra" in fourth
    assert fifth.splitlines()[1] == "1 None"
    assert '"nu":0.2' in sixth
    assert Study.objects.get().run == runs[-1]
    assert '"key":"encoding"' in seventh
    assert (City.objects.get(name_en="Gijón").latitude, Register.objects.filter(name_en="Towns").count()) == (
        43.5,
        1,
    )


def test_without_a_token_nothing_of_this_is_there(live_server):
    """The control: the programs do read by the token that they send."""
    make_runs(random_values(3), tilts=[None, 1.7])
    with pytest.raises(AssertionError):
        run("python", BLOCKS[2][1], live_server, TOKEN="qh_wrong")
