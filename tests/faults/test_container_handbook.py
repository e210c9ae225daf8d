"""docs/operations.md where it speaks of containers, followed word by word with a real engine."""

import pytest

from tests.containers.setup import Containers, named_images, why_not
from tests.processes import wait_until
from tests.test_handbook import BLOCKS, COMMANDS, ENGINE, place_of
from tests.upkeep.test_ways import RELEASES

MISSING = why_not()
pytestmark = [
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(bool(MISSING), reason=f"THE HANDBOOK OF CONTAINERS IS NOT FOLLOWED: {MISSING}"),
]
# What it starts is fetched from a registry.
FETCHED = "deploy/tls.yml"


class Operator:
    """Somebody at a terminal beside the containers, with the handbook."""

    def __init__(self, containers):
        self.containers, self.typed = containers, set()

    def follow(self, *starts, **how):
        """Type those lines that begin so."""
        lines = [next(command for command in COMMANDS if command.startswith(start)) for start in starts]
        return self._type(lines, **how)

    def follow_block(self, words, **how):
        """Type the whole block that says this."""
        (block,) = (block for block in BLOCKS if any(words in command for command in block))
        return self._type([command for command in block if place_of(command) == ENGINE], **how)

    def _type(self, commands, **how):
        self.typed |= set(commands)
        return self.containers.type(*commands, **how)


@pytest.fixture(scope="module")
def operator(tmp_path_factory):
    containers = Containers(tmp_path_factory.mktemp("handbook"), named_images())
    operator = Operator(containers)
    try:
        operator.follow("QUANHENG_COMMIT=", "docker compose logs migrate")
        containers.wait_until_healthy("web", "twin", "worker", "proxy", "database", "broker")
        yield operator
    finally:
        containers.remove()


def test_a_copy_is_streamed_and_restored_in_place_of_the_old_database(operator):
    operator.follow("docker compose exec -T web python manage.py backup")
    restored = operator.follow_block("RENAME TO quanheng_before")
    operator.containers.wait_until_healthy("web", "twin", "worker")

    assert "restored" in restored.lower()
    assert "Everything holds" in operator.containers.manage("verify_versions")


def test_web_servers_are_made_anew_one_after_the_other_with_another_setting(operator):
    before = {service: operator.containers.containers_of(service) for service in ("web", "twin")}
    operator.follow_block("--wait twin", settings={"QUANHENG_IDLE_HOURS": "8"})

    for service, old in before.items():
        (new,) = operator.containers.containers_of(service)
        assert [new] != old
        asked = ["exec", "-T", service, "printenv", "QUANHENG_IDLE_HOURS"]
        assert operator.containers.compose(*asked) == "8\n"


def test_the_database_is_restarted(operator):
    assert "CHECKPOINT" in operator.follow_block("--command CHECKPOINT")
    operator.containers.wait_until_healthy("database", "web", "twin")


def test_copies_are_made_every_day_and_taken_elsewhere(operator):
    operator.follow("COMPOSE_PROFILES=copies")
    wait_until(
        lambda: "quanheng-" in operator.containers.compose("exec", "-T", "copies", "ls", "/copies"),
        300,
        "the first copy",
    )
    operator.follow("docker compose cp copies:/copies")

    assert list((operator.containers.folder / "copies").glob("quanheng-*.zip"))


def test_an_upgrade_is_gone_back_from(operator):
    older = ["--volume", f"{RELEASES}:/older:ro", "migrate", "python", "manage.py", "go_back", "--yes"]
    operator.containers.compose("stop", "web", "twin", "worker", "beat")
    operator.containers.compose("run", "--rm", *older, "--into", "/copies", "/older/first-days.zip")
    operator.containers.compose("up", "--detach")
    operator.containers.wait_until_healthy("web", "twin", "worker")
    back = operator.follow_block("go_back --into /copies", says="yes\n")

    assert "The database is what it was" in back


def test_every_line_for_an_engine_was_typed(operator):
    asked = {command for command in COMMANDS if place_of(command) == ENGINE and FETCHED not in command}

    assert asked - operator.typed == set()
