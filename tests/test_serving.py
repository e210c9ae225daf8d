"""gunicorn by the product's own settings (`config.gunicorn`)."""

import socket

from tests.processes import PYTHON, clean_environment, free_port, kill_tree, spawn, wait_until

SLOW = """
import pathlib, time
time.sleep(1)
pathlib.Path({loaded!r}).touch()
def application(environ, start_response):
    start_response("200 OK", [])
    return [b""]
"""


def can_connect(port):
    with socket.socket() as link:
        return link.connect_ex(("127.0.0.1", port)) == 0


def test_nobody_can_connect_before_the_product_is_loaded(tmp_path):
    """A proxy goes on to another server only where it is refused."""
    loaded, port = tmp_path / "loaded", free_port()
    (tmp_path / "slow_product.py").write_text(SLOW.format(loaded=str(loaded)))
    command = [*PYTHON, "gunicorn", "slow_product", "--config", "python:config.gunicorn"]
    own = clean_environment(PYTHONPATH=tmp_path, QUANHENG_VAR=tmp_path)
    server = spawn([*command, "--bind", f"127.0.0.1:{port}"], tmp_path / "log", own)
    try:
        wait_until(lambda: can_connect(port), what="the server")
        assert loaded.exists()
    finally:
        kill_tree(server)
