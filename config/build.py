"""Which build of the program this is: a fingerprint of everything that decides what an answer says.

``python -m config.build`` prints the name that manifests, results and studies carry.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

VERSION = "0.2.0"
# As many hexadecimal digits of a fingerprint as tell builds apart, and of a commit as git itself prints.
SHOWN, COMMIT = 12, 10

# The translations compiled from the catalogues say the same as these; packages are pinned by name.
SOURCES = {
    "config": "*.py",
    "weighting": "*.py",
    "indexer": "*.py",
    "templates": "*",
    "static": "*",
    "locale": "*.po",
    ".": "requirements*.txt",
}


def build_fingerprint(root: Path) -> str:
    """Return the SHA-256 of the program's files by name and content, the same wherever they lie."""
    digest = hashlib.sha256()
    for path in _files(root):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def build_name(root: Path, fingerprint: str) -> str:
    """Name a build: its version, the start of its fingerprint, and the commit where one is known.

    Written as a local version of PEP 440, such as ``0.2.0+3f5a9c1b2d4e.g60773e0a1b``. The commit
    tells where to fetch the code, the fingerprint whether it was changed afterwards.
    """
    commit = os.environ.get("QUANHENG_COMMIT") or _commit_of(root)
    parts = [fingerprint[:SHOWN], *([f"g{commit[:COMMIT]}"] if commit else [])]
    return f"{VERSION}+{'.'.join(parts)}"


def _commit_of(root: Path) -> str:
    """Return what git calls the checkout; nothing where this folder is none, or git is not there."""
    # Another repository that this folder lies in says nothing of this program.
    if not (root / ".git").exists():
        return ""
    try:
        asked = ["git", "-C", str(root), "rev-parse", "HEAD"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _files(root: Path) -> Iterator[Path]:
    for folder, pattern in SOURCES.items():
        found = (root / folder).glob(pattern) if folder == "." else (root / folder).rglob(pattern)
        yield from sorted(path for path in found if path.is_file())


if __name__ == "__main__":
    here = Path(__file__).resolve().parent.parent
    print(build_name(here, build_fingerprint(here)))
