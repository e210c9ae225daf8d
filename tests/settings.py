"""The product's settings, moved into a folder of their own and made quick.

SQLite lives in a file here, not in memory: threads, workers and locks then behave as they do
for a user.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# As the launcher has it, before numpy is loaded: a second thread of BLAS waits by computing.
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))
if "QUANHENG_VAR" not in os.environ:
    os.environ["QUANHENG_VAR"] = tempfile.mkdtemp(prefix="quanheng-test-")
    atexit.register(shutil.rmtree, os.environ["QUANHENG_VAR"], ignore_errors=True)
if "PYTEST_XDIST_WORKER" in os.environ:
    # Each of several test processes has a folder, and in it a database and a broker, of its own.
    os.environ["QUANHENG_VAR"] += f"/{os.environ['PYTEST_XDIST_WORKER']}"
# The products that the tests start collect into a folder that no other process reads meanwhile.
os.environ["QUANHENG_STATIC"] = f"{os.environ['QUANHENG_VAR']}/collected"
# Nobody listens there unless a test asks for the `valkey` fixture.
os.environ["REDIS_URL"] = f"redis+socket://{os.environ['QUANHENG_VAR']}/broker/valkey.sock"

from config.settings import *  # noqa: F403
from config.settings import CELERY_BROKER_TRANSPORT_OPTIONS, DATABASES, INSTALLED_APPS, STORAGES, VAR_DIR
from tests.prepared import TEMPLATE

if DATABASES["default"]["ENGINE"] == "config.sqlite":
    DATABASES["default"]["TEST"] = {"NAME": str(Path(VAR_DIR) / "test.sqlite3")}
    # Processes are killed, the machine never: what they wrote is in the system's hands.
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
    # Each test's savepoints have names of their own, and would push out of what is kept what pages ask.
    DATABASES["default"]["OPTIONS"]["cached_statements"] = 1000
else:
    DATABASES["default"]["TEST"] = {"TEMPLATE": TEMPLATE}
# pytest-django lets the server of a test serve style sheets and scripts only where this name is in the list.
INSTALLED_APPS = [
    "django.contrib.staticfiles" if app == "config.static.StaticFiles" else app for app in INSTALLED_APPS
]
STATIC_ROOT = Path(VAR_DIR) / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
BALLOT_KEY_COST = 2
AXES_ENABLED = False
# Every test comes from one address.
LIMIT_STRANGERS = False
# What a test changes shows at once.
KEPT_SECONDS = 0
# What is emptied is looked at as soon as an act is over.
FORGETTING_REST_SECONDS = 0
CELERY_BROKER_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS | {"max_retries": 0}
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
