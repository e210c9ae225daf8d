"""Settings of Quanheng: driven by the environment, with safe embedded defaults.

Without any environment the product runs from one folder: SQLite and an embedded Valkey
under ``var/``, reachable on the loopback interface only.
"""

import contextlib
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import environment as env
from config.broker import socket_path
from config.build import build_fingerprint, build_name
from config.installation import noted_address
from config.memory import memory_there_is

BASE_DIR = Path(__file__).resolve().parent.parent

VAR_DIR = Path(env.text("QUANHENG_VAR", str(BASE_DIR / "var"))).absolute()
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


def _embedded_secret() -> str:
    """Return the secret of this installation, made once and readable by its owner alone."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        draft = VAR_DIR / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        # A link, not a rename: two processes that start at once must end with one secret.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


def origin_of(address: str) -> str:
    """Return the scheme, host and port of an address."""
    return urlsplit(address)._replace(path="", query="", fragment="").geturl()


# What answers that are kept are tagged with; fixed when the process starts, as its code is.
BUILD = build_fingerprint(BASE_DIR)
# Recorded in every manifest and beside every result and study.
CODE_VERSION = build_name(BASE_DIR, BUILD)

# Whether `make run` loads the demonstration and prints its sign-in links.
WITH_DEMO = env.flag("QUANHENG_DEMO", default=True)

DEBUG = env.flag("DJANGO_DEBUG")
SECRET_KEY = env.text("DJANGO_SECRET_KEY") or _embedded_secret()
ALLOWED_HOSTS = env.hosts("DJANGO_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.origins("DJANGO_CSRF_TRUSTED_ORIGINS")
# The address people reach the product at; links in messages and exports start with it.
# Commands in another shell speak of the port that the launcher was given.
PUBLIC_URL = env.address("QUANHENG_PUBLIC_URL", noted_address(VAR_DIR) or "http://127.0.0.1:8000")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "config.static.StaticFiles",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "weighting",
    "indexer",
    "upkeep",
]

MIDDLEWARE = [
    "upkeep.middleware.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "weighting.middleware.PrivacyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "weighting.middleware.TokenMiddleware",
    "weighting.packing.PackingMiddleware",
    "weighting.kept.KeptMiddleware",
    "weighting.crowds.CrowdMiddleware",
    "weighting.bodies.BodyMiddleware",
    "weighting.middleware.CharsetMiddleware",
    "weighting.middleware.AudienceMiddleware",
    "weighting.middleware.StaffMiddleware",
    "weighting.middleware.RefusalMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "weighting.context_processors.visitor",
            ],
        },
    },
]

# --- storage -------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", VAR_DIR / "quanheng.sqlite3")}
# To open SQLite's file takes longer than to save an answer, and whoever closes it last writes the log back.
DATABASES["default"]["CONN_MAX_AGE"] = 60
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE is the write lock (select_for_update does nothing here), for which config.sqlite
    # waits; FULL makes an acknowledged save survive a power cut, which NORMAL under WAL does not. A log
    # that was long is cut to 224 MB when it is begun anew: what is cut of two workers' log they make grow
    # again, with the lock held, which takes twice the time of writing over what is there. A file keeps
    # the pages that it was made with: those of 16 KB take blocks in at half the cost of SQLite's own
    # (docs/decisions/results-wait-for-no-disk.md).
    DATABASES["default"]["ENGINE"] = "config.sqlite"
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        " PRAGMA secure_delete=ON; PRAGMA journal_size_limit=234881024;",
    }
else:
    DATABASES["default"]["ENGINE"] = "config.postgresql"
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A database that went away is reported within seconds. By itself the kernel waits for minutes for a word
    # that it has heard something, and for two hours where it had: hence silence is broken each second. One
    # that is there (config.postgresql) may be busy: all threads may come to it at once. What the address says
    # goes before, such as ?tcp_user_timeout=10000 for a database beyond a slow network.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,
        "tcp_user_timeout": 1_000,
        "keepalives_idle": 1,
        "keepalives_interval": 1,
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static_storage.StaticStorage"},
}

# --- what is made once and kept: pictures and files of finished runs ------------------------
# Found by a hash of all that they depend on, so none is ever old; thrown away, they are made again.
MADE_DIR = env.text("QUANHENG_MADE", str(VAR_DIR / "made"))
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "made": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": MADE_DIR,
        "TIMEOUT": 7 * 24 * 3600,
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
    # Pages of published indices that one web process made and the others hand out, too.
    "pages": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(Path(MADE_DIR) / "pages"),
        "TIMEOUT": 24 * 3600,
        "OPTIONS": {"MAX_ENTRIES": 1000},
    },
}

# --- broker --------------------------------------------------------------------------------
REDIS_URL = env.broker("REDIS_URL", f"redis+socket://{socket_path(VAR_DIR)}")
CELERY_BROKER_URL = REDIS_URL
CELERY_WORKER_CONCURRENCY = env.whole("QUANHENG_WORKER_PROCESSES", 2, least=1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker names both queues in this order, and "priority" below keeps to it: what somebody
# waits for is taken before what runs in the background. Mail and the clock are interactive.
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "queue_order_strategy": "priority",
    # A killed worker's message comes back within seconds: the defaults take about 100 s.
    "visibility_timeout": 900,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
CELERY_TIMEZONE = "UTC"
# A run stays with a worker that says nothing for this long; then another may take it.
RUN_LEASE_SECONDS = env.seconds("RUN_LEASE_SECONDS", 60.0)
# What one process may need for a study, in megabytes: a study that needs more is refused when it is
# asked. A quarter of what there is by default: two workers, the pages and the database share it.
STUDY_MEMORY_MB = env.whole("STUDY_MEMORY_MB", memory_there_is() // 4_000_000, least=1)
# What a file that an operator has read from the server's disk may take of one process, in megabytes.
IMPORT_MEMORY_MB = env.whole("IMPORT_MEMORY_MB", memory_there_is() // 4_000_000, least=1)
# A worker computes for this long, then looks at the queues again.
RUN_TURN_SECONDS = env.seconds("RUN_TURN_SECONDS", 5.0)
# What one account may keep waiting, and for how long what nobody takes up is kept.
MOST_STUDIES_UNDER_WAY = env.whole("QUANHENG_MOST_STUDIES", 30)
MOST_IMPORT_DRAFTS = env.whole("QUANHENG_MOST_IMPORT_DRAFTS", 20)
# What one account may bring in within a day: nothing of it can be taken back.
MOST_TABLES_A_DAY = env.whole("QUANHENG_MOST_TABLES_A_DAY", 1000)
IMPORT_DRAFT_DAYS = env.whole("QUANHENG_IMPORT_DRAFT_DAYS", 30, most=env.MOST_DAYS)
SIGN_IN_RECORD_DAYS = env.whole("QUANHENG_SIGN_IN_RECORD_DAYS", 30, most=env.MOST_DAYS)
CELERY_BEAT_SCHEDULER = "config.clock.Clock"
CELERY_BEAT_SCHEDULE = {
    "clear-old-records": {"task": "weighting.tasks.clear_old_records", "schedule": 3600.0},
    "clear-old-imports": {"task": "indexer.tasks.clear_imports", "schedule": 3600.0},
    "sweep-waiting-runs": {
        "task": "indexer.tasks.sweep_runs",
        "schedule": env.seconds("RUN_SWEEP_SECONDS", 5.0),
    },
    "sweep-waiting-studies": {
        "task": "indexer.tasks.sweep_studies",
        "schedule": env.seconds("RUN_SWEEP_SECONDS", 5.0),
    },
    "sweep-missing-facts": {
        "task": "indexer.tasks.sweep_facts",
        "schedule": env.seconds("RUN_SWEEP_SECONDS", 5.0),
    },
    "release-editions-after-their-embargo": {"task": "indexer.tasks.release_editions", "schedule": 5.0},
    "sweep-waiting-letters": {"task": "weighting.tasks.sweep_letters", "schedule": 30.0},
    "write-due-reminders": {"task": "weighting.tasks.write_due_reminders", "schedule": 30.0},
    "close-rounds-at-their-deadline": {
        "task": "weighting.tasks.close_due_rounds",
        "schedule": env.seconds("ROUND_CLOSE_SECONDS", 30.0),
    },
}

# --- mail ----------------------------------------------------------------------------------
# Without a server every mail is refused, and the pages say so before anybody asks for one.
MAIL_HOST = env.host("QUANHENG_MAIL_HOST")
EMAIL_BACKEND = f"{'django.core.mail.backends.smtp' if MAIL_HOST else 'config.mail'}.EmailBackend"
EMAIL_HOST = MAIL_HOST
EMAIL_PORT = env.whole("QUANHENG_MAIL_PORT", 587, least=1, most=env.HIGHEST_PORT)
EMAIL_HOST_USER = env.text("QUANHENG_MAIL_USER")
EMAIL_HOST_PASSWORD = env.text("QUANHENG_MAIL_PASSWORD")
EMAIL_USE_TLS = env.flag("QUANHENG_MAIL_STARTTLS", default=EMAIL_PORT == 587)
EMAIL_USE_SSL = env.flag("QUANHENG_MAIL_TLS", default=EMAIL_PORT == 465)
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    raise env.refusal("QUANHENG_MAIL_STARTTLS", "one of it and QUANHENG_MAIL_TLS is 1, and the other 0")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.sender("QUANHENG_MAIL_FROM", "Quanheng <quanheng@localhost>")

# --- people --------------------------------------------------------------------------------
AUTH_USER_MODEL = "weighting.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "config.accounts.AccountBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
# What one guess at a ballot key costs: scrypt's N, here 16 MB and about 40 ms.
BALLOT_KEY_COST = 2**14
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "weighting:sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
# How many proxies stand before the product, each of which writes down whom it heard: without the
# number, what a stranger writes there would be believed, or all people be one address.
PROXIES = env.whole("QUANHENG_PROXIES", 0)
# Strangers are limited per address, and few of them are served at once (weighting/crowds.py).
LIMIT_STRANGERS = env.flag("QUANHENG_LIMIT_STRANGERS", default=True)
# For so long a process hands out what strangers are shown of an index without asking (weighting/kept.py).
KEPT_SECONDS = 1.0
# As often at most does a process empty the disk of how invitations stood (weighting/services/residue.py).
FORGETTING_REST_SECONDS = 1.0
# Failed sign-ins are recorded. A lock would shut out whoever knows the password.
AXES_LOCK_OUT_AT_FAILURE = False
AXES_CLIENT_IP_CALLABLE = "weighting.requests.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
SESSION_ENGINE = "config.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
# A session of staff that nobody uses for so long is over.
IDLE_SECONDS = int(env.seconds("QUANHENG_IDLE_HOURS", 12.0) * 3600)
# Who must have a second factor before anything else.
SECOND_FACTOR_ROLES = frozenset(env.words("QUANHENG_SECOND_FACTOR"))
if SECOND_FACTOR_ROLES - {"manager", "analyst", "administrator"}:
    raise env.refusal(
        "QUANHENG_SECOND_FACTOR", "write manager, analyst or administrator, with commas between"
    )
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Accounts, second factors and sign-in elsewhere are django-allauth's: docs/decisions/accounts-by-allauth.md.
ACCOUNT_ADAPTER = "weighting.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_CHANGE_EMAIL = False
# Its limits would refuse right passwords and count in each process by itself: ours count in the database.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {"reauthenticate": "weighting.forms.sign_in.PasswordAgainForm"}
# For so long after a sign-in nobody is asked again who they are.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
MFA_ADAPTER = "weighting.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "weighting.forms.sign_in.SecondFactorForm",
    "reauthenticate": "weighting.forms.sign_in.SecondFactorAgainForm",
    "activate_totp": "weighting.forms.sign_in.AppForm",
    "add_webauthn": "weighting.forms.sign_in.PasskeyForm",
    "authenticate_webauthn": "weighting.forms.sign_in.PasskeySignInForm",
    "reauthenticate_webauthn": "weighting.forms.sign_in.PasskeyAgainForm",
}
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Quanheng"
# A clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1

# Sign-in at a provider of OpenID Connect, where its address is given.
OIDC_SERVER = env.address("QUANHENG_OIDC_SERVER").rstrip("/")
OIDC_NAME = env.text("QUANHENG_OIDC_NAME", "OpenID Connect")
# What somebody becomes whom nobody invited; without it they are turned away.
OIDC_ROLE = env.choice("QUANHENG_OIDC_ROLE", ["analyst", "manager"])
OIDC_ID = "oidc"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": OIDC_ID,
                "name": OIDC_NAME,
                "client_id": env.text("QUANHENG_OIDC_CLIENT"),
                "secret": env.text("QUANHENG_OIDC_SECRET"),
                "settings": {
                    "server_url": OIDC_SERVER,
                    "oauth_pkce_enabled": True,
                    # Whoever signed in there longer ago than a confirmation holds here is asked again.
                    "auth_params": {"max_age": str(ACCOUNT_REAUTHENTICATION_TIMEOUT)},
                },
            }
        ]
        if OIDC_SERVER
        else []
    }
}
SOCIALACCOUNT_ADAPTER = "weighting.adapters.ProviderAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False

# --- languages -----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.zone("DJANGO_TIME_ZONE", "Asia/Shanghai")
USE_I18N = True
USE_TZ = True

# --- static files --------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("QUANHENG_STATIC", str(BASE_DIR / "staticfiles")))
# Scripts taken out of installed packages by `manage.py build_vendor_js`.
VENDOR_DIR = BASE_DIR / "build" / "static"
VENDOR_DIR.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static", VENDOR_DIR]

# --- security ------------------------------------------------------------------------------
# TLS ends at a proxy in a real installation, which sets QUANHENG_HTTPS; the embedded default
# serves plain HTTP on the loopback interface, where a secure cookie would never be sent.
HTTPS = env.flag("QUANHENG_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
# A browser takes a cookie of such a name over TLS alone, and `__Host-` from this very host alone: no other
# site of the domain can slip it in. Over plain HTTP it would refuse the name.
HOST_COOKIE, SECURE_COOKIE = ("__Host-", "__Secure-") if HTTPS else ("", "")
SESSION_COOKIE_NAME = f"{HOST_COOKIE}sessionid"
CSRF_COOKIE_NAME = f"{HOST_COOKIE}csrftoken"
# Error reports leave out cookies whose names speak of keys and tokens.
BALLOT_COOKIE_NAME = f"{HOST_COOKIE}ballot_keys"
LANGUAGE_COOKIE_NAME = f"{HOST_COOKIE}django_language"
# Bound to the pages of the confirmation, which `__Host-` would not allow.
PENDING_COOKIE_NAME = f"{SECURE_COOKIE}pending_token"
SECURE_SSL_REDIRECT = HTTPS
# Asked inside the machine, where nothing speaks TLS.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|livez|readyz)$"]
# Browsers offer passkeys over plain HTTP on localhost alone; elsewhere the origin is checked.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # The form that signs in elsewhere is answered by a redirect there.
        "form-action": [SELF, origin_of(OIDC_SERVER)] if OIDC_SERVER else [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
# The largest form is a ballot without scripts: four fields for each of a tree's 2,000 nodes.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# --- API -----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["weighting.api.parsers.StrictJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "weighting.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["weighting.permissions.DenyAll"],
    "DEFAULT_SCHEMA_CLASS": "weighting.api.schema.Schema",
    "EXCEPTION_HANDLER": "weighting.api.errors.answer_exception",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 100,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Quanheng API",
    "DESCRIPTION": "Frameworks, rounds, frozen weight versions, data sets, index runs and studies.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "RunStatusEnum": "indexer.enums.RunStatus",
        "VersionStatusEnum": "weighting.enums.VersionStatus",
        "StudyKindEnum": "indexer.enums.StudyKind",
        "NormalisationEnum": "indexer.enums.Normalisation",
        "ChapterEnum": "indexer.enums.ReportChapter.values",
    },
}

# --- figures ------------------------------------------------------------------------------
# What Prometheus shows to read them; without one, administrators alone can.
METRICS_TOKEN = env.text("QUANHENG_METRICS_TOKEN").strip()

# --- logs: ids only, never scores, names or tokens -----------------------------------------
LOG_FORMAT = env.choice("QUANHENG_LOG_FORMAT", env.LOG_FORMATS, "line")
# Where errors are reported to; the library is loaded where somebody wants it alone.
if ERRORS_DSN := env.text("QUANHENG_ERRORS_DSN"):
    from config.errors import report_errors

    report_errors(ERRORS_DSN, release=CODE_VERSION)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "config.logs.Lines", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "config.logs.JsonLines"},
    },
    "filters": {"links": {"()": "config.logs.HideLinks"}, "short": {"()": "config.logs.ShortRefusals"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["links", "short"]}
    },
    # Statements carry what they store: no level and no debug mode writes them down.
    "loggers": {"django.db.backends": {"level": "INFO"}},
    "root": {"handlers": ["stderr"], "level": env.choice("DJANGO_LOG_LEVEL", env.LOG_LEVELS, "INFO")},
}
