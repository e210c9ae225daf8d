"""docs/operations.md, followed word by word: each command is run, or named as one that cannot be run here."""

import json
import re
import subprocess
from itertools import groupby

import pytest
from django.core.management import get_commands, load_command_class

from tests.prepared import place_database
from tests.processes import clean_environment
from tests.test_compose import ROOT, SECRETS, compose
from tests.upkeep.stores import RELEASES

HANDBOOK = (ROOT / "docs" / "operations.md").read_text()
# What a line begins with -> where it can be tried. tests/faults/test_containers.py tries those of an engine.
HERE, ENGINE, SYSTEM = "here", "with a container engine", "on a machine with systemd, as root"
PLACES = {
    "make": HERE,
    ".venv/bin/python": HERE,
    "export": HERE,
    "docker": ENGINE,
    **dict.fromkeys(("cp", "install", "ln", "quanheng", "sudo", "systemctl"), SYSTEM),
}
# An answer of the product, not a command.
SHOWN = "{"
SETTINGS = re.compile(r"(?:[A-Z_]+=(?:\$\([^)]*\)|\S*) +)*")
GOES_ON = re.compile(r" *\\\n *")


def blocks_of(text):
    """The commands of each block that is set apart, without comments; a line that goes on is one."""
    for is_block, block in groupby(
        GOES_ON.sub(" ", text).splitlines(), key=lambda line: line.startswith("    ")
    ):
        commands = [line.split("  #")[0].strip() for line in block] if is_block else []
        if commands and not commands[0].startswith(SHOWN):
            yield commands


BLOCKS = list(blocks_of(HANDBOOK))
COMMANDS = [command for block in BLOCKS for command in block]


def place_of(command):
    return PLACES.get(SETTINGS.sub("", command, count=1).split()[0])


def code_of(text):
    """What is set as code: lines of their own, and what stands between backquotes."""
    for line in GOES_ON.sub(" ", text).splitlines():
        yield from [line] if line.startswith("    ") else re.findall(r"`([^`]+)`", line)


def managed(text):
    """Every ``manage.py NAME ...`` of a text, as words; what stands in capitals is somebody's own."""
    for code in code_of(text):
        for found in re.findall(r"manage\.py ([a-z_]+[^#;>|&\"]*)", code):
            yield found.split("  ")[0].split()


def test_every_command_can_be_tried_somewhere():
    assert [command for command in COMMANDS if place_of(command) is None] == []
    for place in (ENGINE, SYSTEM):
        print(f"{place}:", *(command for command in COMMANDS if place_of(command) == place), sep="\n    ")
    assert {place_of(command) for command in COMMANDS} == {HERE, ENGINE, SYSTEM}


def test_a_command_that_nobody_knows_is_noticed():
    assert place_of("weigh --all") is None
    assert [*blocks_of("text\n\n    make rum  # so\n    make \\\n      it\n\ntext")] == [
        ["make rum", "make it"]
    ]


@pytest.mark.parametrize("words", list(managed(HANDBOOK)), ids=" ".join)
def test_every_command_of_the_product_takes_the_options_that_are_written(words):
    name, *options = ["7" if word == "N" else word for word in words]
    command = load_command_class(get_commands()[name], name)

    command.create_parser("manage.py", name).parse_args(options)


def test_a_command_is_told_from_the_words_behind_it():
    """A page that names a command outside of code would have its words taken for options, or left untried."""
    assert list(managed("so `manage.py restore --check FILE` does")) == [["restore", "--check", "FILE"]]
    assert sum(code.count("manage.py ") for code in code_of(HANDBOOK)) == HANDBOOK.count("manage.py ")


def test_services_that_are_named_are_services():
    given = {**SECRETS, "COMPOSE_PROFILES": "copies"}
    services = set(json.loads(compose(ROOT / "docker-compose.yml", given).stdout)["services"])
    many = re.findall(r"docker compose (?:stop|logs)((?: \w+)+)", HANDBOOK)
    one = re.findall(r"docker compose (?:exec|cp)(?: -T)? (\w+)", HANDBOOK)
    named = {name for names in many for name in names.split()} | set(one)

    assert {"web", "twin", "worker", "beat", "database", "migrate", "copies"} <= named
    assert named <= services
    assert SECRETS.keys() <= set(re.findall(r"(\w+)=", " ".join(COMMANDS)))


@pytest.mark.parametrize("command", [c for c in COMMANDS if place_of(c) == HERE and "make" in c])
def test_what_make_is_asked_for_is_known_to_it(command):
    done = subprocess.run(
        ["sh", "-ec", command.replace("make", "make --dry-run")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, "config.launch" in done.stdout) == (0, True)


MANAGE = ".venv/bin/python manage.py"


class Operator:
    """Somebody at a terminal in a checkout, with the handbook beside them."""

    def __init__(self, folder):
        self.folder = folder
        for entry in ROOT.iterdir():
            if entry.name not in ("var", "build"):
                (folder / entry.name).symlink_to(entry)

    def install(self, var="var"):
        """Make a folder of data with an empty database of this release."""
        (self.folder / var).mkdir(mode=0o700)
        place_database(self.folder / var / "quanheng.sqlite3")

    def type(self, *commands, var="var", says="", ends=0):
        """Type the lines one after the other into one shell; return what they printed."""
        done = subprocess.run(
            ["sh", "-ec", "\n".join(commands)],
            cwd=self.folder,
            env=clean_environment(QUANHENG_VAR=var),
            input=says,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == ends, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def follow(self, *starts, **how):
        """Type those lines of the handbook that begin so."""
        lines = [next(command for command in COMMANDS if command.startswith(start)) for start in starts]
        return self.type(*lines, **how)


@pytest.fixture(scope="module")
def operator(tmp_path_factory):
    operator = Operator(tmp_path_factory.mktemp("checkout"))
    operator.install()
    return operator


@pytest.mark.slow
def test_the_examination_says_what_is_wrong_where_no_part_runs(operator):
    examined = operator.follow(f"{MANAGE} doctor", ends=1)

    for part in ("fine   Database", "fine   Guards", "WRONG  Broker", "WRONG  Workers"):
        assert part in examined


@pytest.mark.slow
def test_copies_and_heads(operator):
    operator.follow(f"{MANAGE} backup")
    operator.follow(f"{MANAGE} verify_versions --print-heads", f"{MANAGE} verify_versions --heads")
    operator.type(f"{MANAGE} restore --check quanheng.zip", f"{MANAGE} backup --into FOLDER --keep 14")
    links = operator.type(f"{MANAGE} prune --days 7 --dry-run", f"{MANAGE} setup_link")

    assert "/in/" in links
    assert (operator.folder / "heads.json").read_text().startswith("[")
    assert list((operator.folder / "FOLDER").glob("quanheng-*.zip"))


@pytest.mark.slow
def test_a_copy_is_restored_into_a_new_folder(operator):
    # No copy is written over another file.
    (operator.folder / "quanheng.zip").unlink(missing_ok=True)
    operator.follow(f"{MANAGE} backup")
    (block,) = (block for block in BLOCKS if "export QUANHENG_VAR=restored" in block)
    operator.type(*block)

    assert (operator.folder / "restored" / "quanheng.sqlite3").exists()
    assert "Everything holds" in operator.type("export QUANHENG_VAR=restored", f"{MANAGE} verify_versions")


@pytest.mark.slow
def test_an_upgrade_and_the_way_back(operator):
    operator.install("older")
    operator.type(f"{MANAGE} go_back --yes {RELEASES / 'first-days.zip'}", var="older")
    upgraded = operator.type(f"{MANAGE} upgrade", var="older")
    back = operator.follow(f"{MANAGE} go_back", var="older", says="yes\n")

    assert "before-upgrade" in upgraded + back
    assert "The database is what it was" in back


def test_a_command_that_fails_is_noticed(tmp_path):
    with pytest.raises(AssertionError):
        Operator(tmp_path).type(f"{MANAGE} no_such_command")
