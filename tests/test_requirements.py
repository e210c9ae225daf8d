"""requirements-locked.txt, which the image is built of, agrees with requirements.txt."""

import re

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LOCKED = settings.BASE_DIR / "requirements-locked.txt"
PINNED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


@pytest.fixture(scope="module")
def locked():
    return {canonicalize_name(name): Version(version) for name, version in PINNED.findall(LOCKED.read_text())}


def test_every_package_is_locked_within_its_range(locked):
    lines = (settings.BASE_DIR / "requirements.txt").read_text().splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    outside = [
        str(one) for one in wanted if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"))
    ]
    assert outside == [], "run: make lock"


def test_every_package_is_locked_by_hash(locked):
    told = LOCKED.read_text()
    parts = re.split(r"^(?=[\w.-]+==)", told, flags=re.MULTILINE)[1:]
    assert len(parts) == len(PINNED.findall(told)) > 50
    assert [part.split("==")[0] for part in parts if "--hash=sha256:" not in part] == []


def test_the_image_is_built_of_it():
    assert (
        "--require-hashes -r /tmp/requirements-locked.txt" in (settings.BASE_DIR / "Dockerfile").read_text()
    )
