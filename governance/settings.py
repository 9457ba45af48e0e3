"""Every setting, from the environment. In production nothing has a default that could be wrong."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from governance.secrets import file_aware, peppers, require_strong

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
file_aware(env.ENVIRON)

# embedded: manage.py starts PostgreSQL and Redis and made the secrets; production: all is given.
MODE = env.str("GATEHOUSE_ENV", default="production")
PRODUCTION = MODE != "embedded"
DEBUG = False
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
if MODE not in {"embedded", "production"}:
    raise ImproperlyConfigured(f"GATEHOUSE_ENV={MODE}: use 'embedded' or 'production'.")

SECRET_KEY = env.str("SECRET_KEY")
API_KEY_PEPPERS = peppers(env.str("API_KEY_PEPPERS"))
HERE = f"http://127.0.0.1:{env.str('PORT', default='8000')}"
PUBLIC_URL = env.str("PUBLIC_URL", default="" if PRODUCTION else HERE)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost"])
# How many proxies of ours stand in front: the client's address is the n-th from the right.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=None if PRODUCTION else 0)
# Addresses or networks of the proxies whose forward-auth headers are believed.
FORWARD_AUTH_PROXIES = env.list(
    "FORWARD_AUTH_PROXIES", default=[] if PRODUCTION else ["127.0.0.1", "::1"]
)
EMAIL_URL = env.str("EMAIL_URL", default="" if PRODUCTION else "consolemail://")
DATABASE_URL = env.str("DATABASE_URL")
REDIS_URL = env.str("REDIS_URL")
if PRODUCTION:
    require_strong(
        secret_key=SECRET_KEY,
        peppers=API_KEY_PEPPERS,
        hosts=ALLOWED_HOSTS,
        public_url=PUBLIC_URL,
        proxies=TRUSTED_PROXY_COUNT,
        email=EMAIL_URL,
        database=DATABASE_URL,
        redis=REDIS_URL,
    )

INSTALLED_APPS = [
    "governance",
    "gateway",
    "registry",
    "access",
    "accounts",
    "auditlog",
    "audit",
    "guardian",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "axes",
    "django_htmx",
    "template_partials",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "audit.doors.middleware.OriginMiddleware",
    "gateway.views.forward.ForwardMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "governance.middleware.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "governance.urls"
WSGI_APPLICATION = "governance.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "governance.navigation.shell",
            ],
            "builtins": [
                "template_partials.templatetags.partials",
                "django.templatetags.static",
                "governance.templatetags.ui",
            ],
        },
    }
]


# --- database: one dialect, two roles (the owner migrates, the application may not)
def database(url: str) -> dict[str, Any]:
    settings: dict[str, Any] = env.db_url_config(url)
    return settings | {
        "ENGINE": "audit.backend",
        "ATOMIC_REQUESTS": False,  # the action owns the transaction
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": database(DATABASE_URL)}
if owner_url := env.str("DATABASE_OWNER_URL", default=""):
    DATABASES["owner"] = database(owner_url) | {"TEST": {"MIRROR": "default"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}

# --- who: no answer beside the decision
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backend.SignInBackend",
    "accounts.backend.DecisionBackend",
]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
GUARDIAN_GET_CONTENT_TYPE = "accounts.ctypes.content_type"
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # our backend is guardian's, subclassed
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{VALIDATION}.UserAttributeSimilarityValidator"},
]
LOGIN_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.Adapter"
ACCOUNT_FORMS = {"login": "accounts.forms.signing_in.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation's link proves the address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Locking out is axes' work, by account and address: by name alone anyone could lock anyone out.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT or 0
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "audit.doors.middleware.client_address"
AXES_USERNAME_CALLABLE = "accounts.lockout.account_name"
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["login", "username"]  # what is typed there may be a password

# --- decisions out of memory, while the listener of this host is heard (docs/decision-point.md)
DECISION_POINT = env.str("DECISION_POINT", default="memory")
DECISION_POINT_BYTES = env.int("DECISION_POINT_MB", default=512) * 1024**2  # of each process
DECISION_STAMPS = Path(env.str("DECISION_STAMPS", default=str(DATA_DIR / "decision.stamps")))
if DECISION_POINT not in {"memory", "off"}:
    raise ImproperlyConfigured(f"DECISION_POINT={DECISION_POINT}: use 'memory' or 'off'.")

# --- did: django-auditlog writes our event table, registered by us, stamped by us
AUDITLOG_LOGENTRY_MODEL = "audit.Event"
AUDITLOG_STORE_JSON_CHANGES = True
AUDITLOG_USE_BASE_MANAGER = True
AUDITLOG_DISABLE_REMOTE_ADDR = True
AUDIT_RESOURCE_MODEL = "accounts.Resource"
# The proof: public keys and anchors in a folder, the key that signs only where sealing is done.
SEAL_ROOT = DATA_DIR / "seal"
SEAL_KEY_FILE = env.str("SEAL_KEY_FILE", default="" if PRODUCTION else str(SEAL_ROOT / "key"))
SEAL_ORIGIN = env.str("SEAL_ORIGIN", default=f"{urlsplit(PUBLIC_URL).hostname}/trail")
SEAL_ANCHORS = env.list("SEAL_ANCHORS", default=[])  # syslog:///dev/log, https://witness/...
TRAIL_KEEP_MONTHS = env.int("TRAIL_KEEP_MONTHS", default=72)  # six years; twelve months at least
SEAL_WEBHOOK_SECRET = env.str("SEAL_WEBHOOK_SECRET", default="")
EXPORT_ROOT = DATA_DIR / "exports"
TRAIL_SINKS = env.list("TRAIL_SINKS", default=[])  # where copies of the trail go: docs/exports.md

# --- the registry's bytes
BLOB_ROOT = DATA_DIR / "blobs"
SPOOL_ROOT = DATA_DIR / "spool"
UPLOAD_LIMIT = env.int("UPLOAD_LIMIT", default=10 * 1024**3)  # bytes a file
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2  # bytes of a form or JSON body; files are streamed
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- REST
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.KeyAuthentication",
        "accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["audit.doors.rest.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "audit.doors.rest.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "audit.doors.rest.problem",
    "PAGE_SIZE": 25,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse",
    "DESCRIPTION": "Access governance for datasets and models, on the access path.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["governance.reference.with_problems"],
    "GET_LIB_DOC_EXCLUDES": "governance.reference.not_descriptions",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}


# --- jobs
def broker(url: str) -> str:
    """A socket, and the database behind it, have other names in kombu than in redis-py."""
    if not url.startswith("unix://"):
        return url
    return f"redis+socket://{url.removeprefix('unix://')}".replace("?db=", "?virtual_host=")


CELERY_BROKER_URL = broker(REDIS_URL)
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- mail
vars().update(env.email_url_config(EMAIL_URL))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="gatehouse@localhost")

# --- the web
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
NOWHERE = {name: [NONE] for name in ("base-uri", "frame-ancestors", "object-src")}
CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"default-src": [SELF], "form-action": [SELF]} | NOWHERE}
NEVER = ("camera", "geolocation", "microphone", "payment", "usb")
PERMISSIONS_POLICY: dict[str, list[str]] = {name: [] for name in NEVER}
HTTPS = PUBLIC_URL.startswith("https://")
SECURE_SSL_REDIRECT = HTTPS
# Over HTTP refused, not redirected; forward-auth is asked by proxies of ours.
SECURE_REDIRECT_EXEMPT = [r"^(api|access|authz)/", r"^livez$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "governance.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if HTTPS else []
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"axes": {"level": "WARNING"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
