"""Django settings. What differs between installations comes from ``portal.environment``."""

from datetime import timedelta
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF

from portal import environment

ENVIRONMENT = environment.load()
BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
KEY_ENCRYPTION_KEY = ENVIRONMENT.key_encryption_key
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
SOURCE_ALLOW_LIST = ENVIRONMENT.source_allow_list
MESSAGE_ALLOW_LIST = ENVIRONMENT.message_allow_list
JOURNAL_CHECKPOINTS = ENVIRONMENT.journal_checkpoints
JOURNAL_WITNESS_URL = ENVIRONMENT.journal_witness_url
JOURNAL_WITNESS_KEY = ENVIRONMENT.journal_witness_key
JOURNAL_AUDITOR_KEY = ENVIRONMENT.journal_auditor_key

# Apps with tables in public, and apps with tables in each city's schema. An app's boundary is a schema boundary (docs/adr/0002).
# Signing in is in both: operators' accounts are in public, each city's staff in its own schema.
SIGN_IN_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "regions.staff",
    "regions.keys",
    "regions.journal",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "axes",
]
SHARED_APPS = [
    "django_tenants",
    "regions",
    "portal",
    *SIGN_IN_APPS,
    "allauth",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
]
TENANT_APPS = [
    *SIGN_IN_APPS,
    "regions.sources",
    "regions.retention",
    "codes",
]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]
TENANT_MODEL = "regions.City"
TENANT_DOMAIN_MODEL = "regions.Domain"
PUBLIC_SCHEMA_URLCONF = "portal.urls_public"
ROOT_URLCONF = "portal.urls_city"

_application = dj_database_url.parse(ENVIRONMENT.database_url, engine="regions.backend")
_owner = dj_database_url.parse(ENVIRONMENT.database_owner_url)
DATABASES = {"default": {**_application, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DATABASES["default"]["OPTIONS"] = {**_application.get("OPTIONS", {}), "connect_timeout": 10}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
APP_LOGIN = _application["USER"]
# Sessions are logged in as their city (docs/adr/0026-what-separates-cities.md).
CITY_LOGINS = ENVIRONMENT.city_logins
STANDBY = ENVIRONMENT.standby
OWNER_LOGIN = {"USER": _owner["USER"], "PASSWORD": _owner["PASSWORD"]}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        # Used one-time codes and rate limits of sign-in, shared by all web processes.
        "BACKEND": "portal.staff_sign_in.shared_cache.SharedCache",
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
    },
    # Fragments of pages under keys of all that they show, which are therefore never outdated, in each process; and the titles of a
    # city's providers, which may be some minutes old.
    "template_fragments": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_FUNCTION": "django_tenants.cache.make_key",
        "REVERSE_KEY_FUNCTION": "django_tenants.cache.reverse_key",
        "OPTIONS": {"MAX_ENTRIES": 2_000},
    },
}

MIDDLEWARE = [
    "portal.observability.health.HealthMiddleware",  # before all that requires TLS, a host or a city
    "portal.observability.requests.RequestLogMiddleware",
    "portal.web.standby.StandbyMiddleware",  # around all that may fail without the database or try to write
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.web.host.HostMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.web.host.LocaleMiddleware",
    "portal.web.errors.OwnNotFoundPageMiddleware",
    "portal.answering.ProblemMiddleware",  # within the one before, which makes pages
    "portal.answering.NulMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portal.web.bodies.BodyMiddleware",  # before the next, which reads forms
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.web.sessions.CookieMiddleware",  # before all that asks who is signed in
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.web.errors.ConflictMiddleware",
    "portal.suspended.SuspensionMiddleware",
    "portal.staff_sign_in.limits.SessionLimitsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.context_processors.page",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.l10n",
                "django.templatetags.static",
                "portal.templatetags.page",
            ],
        },
    }
]
# Forms and their fields are rendered by templates/django/forms/.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
WSGI_APPLICATION = "portal.wsgi.application"

# Except in debug mode everything uses TLS; portal.web_server learns that from the proxy's X-Forwarded-Proto.
SECURE = not DEBUG
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
COOKIE_PREFIX = "__Host-" if SECURE else ""
SESSION_ENGINE = "portal.web.sessions"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.web.errors.stale_form"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
GATE_COOKIE_NAME = f"{COOKIE_PREFIX}gate"
LOOK_COOKIE_NAME = f"{COOKIE_PREFIX}look"
X_FRAME_OPTIONS = "DENY"
# Nothing inline, from elsewhere or in frames; pages work without scripts.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

AUTH_USER_MODEL = "staff.Account"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "staff_home"
STAFF_IDLE = timedelta(minutes=15)
STAFF_LONGEST = timedelta(hours=8)
CITIZEN_IDLE = timedelta(minutes=20)
SMS_GATEWAY = ENVIRONMENT.sms_gateway
NO_SMS_GATEWAY = environment.NO_GATEWAY
# Mail goes to staff only: links to enrol, alarms and counts. Each city's pages are at CITY_ADDRESS.
EMAIL_TIMEOUT = 20
globals().update(ENVIRONMENT.email)
DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from
CITY_ADDRESS = ENVIRONMENT.city_address
# Cities of other installations; those of this one are known without it.
NEIGHBOUR_CITIES = ENVIRONMENT.neighbour_cities
ENROLMENT_LINK_HOURS = ENVIRONMENT.enrolment_link_hours
STAFF_CHANGE_DAYS = ENVIRONMENT.staff_change_days

ACCOUNT_ADAPTER = "portal.staff_sign_in.adapters.StaffAdapter"
ACCOUNT_FORMS = {
    "login": "portal.staff_sign_in.forms.SignInForm",
    "change_password": "portal.staff_sign_in.forms.NewPasswordForm",
    "reauthenticate": "portal.staff_sign_in.forms.PasswordAgainForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
# axes limits passwords, in the database; this limits one-time codes, and is wider so that axes refuses first.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,10/5m/key"}
MFA_ADAPTER = "portal.staff_sign_in.adapters.OneTimeCodeAdapter"
MFA_FORMS = {
    "authenticate": "portal.staff_sign_in.forms.CodeForm",
    "reauthenticate": "portal.staff_sign_in.forms.CodeConfirmForm",
    "activate_totp": "portal.staff_sign_in.forms.FirstCodeForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
SOCIALACCOUNT_ADAPTER = "portal.staff_sign_in.adapters.SingleSignOnAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": list(ENVIRONMENT.staff_single_sign_on)}}

# Five wrong passwords lock a user name at an address for a quarter of an hour; the owner elsewhere is not locked out.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "portal.staff_sign_in.limits.attempted_username"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "portal.staff_sign_in.limits.locked_out"
AXES_CLIENT_IP_CALLABLE = "portal.web.host.client_address"
AXES_VERBOSE = False

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]
# For all numbers on pages; those that are not amounts, or are for programs, use `|unlocalize`.
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = ENVIRONMENT.static_root
STATICFILES_DIRS = [BASE_DIR / "portal" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
# Each view sets the maximum size of a body (portal.web.bodies); this limits the text in it, and bodies that are not uploads.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20
# The longest form, a city's, has a few hundred fields; a page of the queue has two hundred check boxes.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 5
# Files of evidence stay in memory, so that they are not written to the portal's disk unencrypted.
FILE_UPLOAD_MAX_MEMORY_SIZE = 24 * 2**20
MEDIA_ROOT = ENVIRONMENT.media_root
# Bytes of memory for checking one uploaded file.
UPLOAD_MEMORY = ENVIRONMENT.upload_memory
OPERATOR_HOSTS = ENVIRONMENT.operator_hosts
TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies
# How long a dead worker's work waits for another, and how many people with facts one worker judges at a time.
LEASE = ENVIRONMENT.lease
PARTITION_CITIZENS = ENVIRONMENT.partition_citizens

# API clients have keys and no sessions; every refusal has the format of portal.api.errors.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "portal.api.errors.exception_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Health-code portal",
    "DESCRIPTION": "The API for providers and gates of a city. The city is selected by the host name.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["portal.api.schema.with_lines"],
    "SERVE_URLCONF": "portal.urls_city",
}

# Who may read /metrics; without either nobody can, and nothing is counted.
METRICS_TOKEN = ENVIRONMENT.metrics_token
METRICS_NETWORKS = ENVIRONMENT.metrics_networks
METRICS_DIRECTORY = ENVIRONMENT.metrics_directory
TRACES_ARE_SENT = ENVIRONMENT.traces_are_sent

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "portal.observability.logs.JsonFormatter"},
    },
    # Exceptions' texts are logged in debug mode only, where all people are invented.
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line" if DEBUG else "json"}},
    "root": {"handlers": ["console"], "level": ENVIRONMENT.log_level},
    "loggers": {
        "httpx": {"level": "WARNING"},  # its lines contain whole addresses
        "waitress.queue": {"level": "ERROR"},  # a line for each request that waits; portal.crowding counts refused ones
        "django.db.backends": {"level": "INFO"},  # its lines contain statements with their values
    },
}
