"""Django's settings, made from the operator's (web/config.py). Nothing here is meant to be edited to deploy."""

import os
import sys
from datetime import timedelta
from pathlib import Path

from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from web import config, database_url

BASE_DIR = Path(__file__).resolve().parent.parent

# These make or judge the settings, so they run without usable ones.
_WITHOUT_SETTINGS = {"init", "doctor", "import_legacy", "help", "--help", "version", "--version"}

try:
    MC_ADMIN = config.load()
    MC_ADMIN_PROBLEM = ""
except config.ConfigError as error:
    if len(sys.argv) > 1 and sys.argv[1] not in _WITHOUT_SETTINGS:
        raise ImproperlyConfigured(str(error)) from None
    MC_ADMIN = config.Settings.model_construct(
        master_token="", server_path=Path(), jwt=config.JwtSettings.model_construct(secret_key="-" * 32)
    )
    MC_ADMIN_PROBLEM = str(error)

SECRET_KEY = MC_ADMIN.jwt.secret_key
DEBUG = False
ALLOWED_HOSTS = MC_ADMIN.allowed_hosts

ROOT_URLCONF = "mcadmin.urls"
ASGI_APPLICATION = "mcadmin.asgi.application"
APPEND_SLASH = False  # both forms are answered directly: web.middleware.EitherSlash
INSTALLED_APPS = [
    "daphne",
    "channels",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "mcadmin.admin_site.site.McAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "mcadmin",
    "accounts",
    "servers",
    "backups",
    "audit",
]
MIDDLEWARE = [
    "corsheaders.middleware.CorsMiddleware",
    "web.middleware.AnswersInJson",
    "web.middleware.EitherSlash",
    "accounts.session_cookie.PrefixedSessionCookie",
    "accounts.session_origin.SessionOfOwnPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "audit.middleware.OperationAuditMiddleware",
    "web.middleware.KnownHost",
    "mcadmin.request_bodies.ThrottledStrangers",
    "mcadmin.request_bodies.RefusedBodies",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "mcadmin" / "templates"],  # before Django's own of the same name
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
PAGE_DIST = Path(os.environ.get("MCADMIN_PAGE", BASE_DIR / "page" / "dist"))  # what `make page` built

DATABASES = {"default": database_url.settings_of(MC_ADMIN.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if MC_ADMIN.redis_url:  # several processes: they share throttles, login codes, and who was signed out
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # Access tokens pass through it on their way to the socket that waits for them.
            "CONFIG": {
                # The connections kept are dead when Redis was started anew: try again before giving up.
                "hosts": [{"address": MC_ADMIN.redis_url, "retry": Retry(ExponentialBackoff(cap=0.5, base=0.05), 3)}],
                "symmetric_encryption_keys": [SECRET_KEY],
            },
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": MC_ADMIN.redis_url,
            "KEY_PREFIX": "mcadmin",
            "OPTIONS": {
                "serializer": "web.json_cache.JsonSerializer",
                "socket_connect_timeout": 2,
                "socket_timeout": 2,
            },
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},  # past it entries are thrown out, throttles among them
        }
    }

SESSION_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SAMESITE = "Strict"

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "accounts.hashers.LegacyBcryptHasher",  # import_legacy; Django re-hashes at the first sign-in
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "accounts.problems.exception_handler",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.ByTable"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["web.negotiation.Json"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "web.negotiation.JsonOnly",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MC Admin",
    "DESCRIPTION": "Start, stop, watch, command, back up and restore Minecraft servers in Docker Compose projects.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ServerStatusEnum": "servers.minecraft.status.MCServerStatus",
        "StatusReasonCodeEnum": "servers.minecraft.status_reason.REASON_CODES",
        "OperationStateEnum": "servers.models.OperationState.values",
    },
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "web.openapi.add_errors",
    ],
}
SIMPLE_JWT = {
    "ALGORITHM": MC_ADMIN.jwt.algorithm,
    "SIGNING_KEY": MC_ADMIN.jwt.secret_key,
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=MC_ADMIN.jwt.access_token_expire_minutes),
    "USER_ID_CLAIM": "user_id",
    "TOKEN_TYPE_CLAIM": None,
    "JTI_CLAIM": "jti",
}

# Of requests that a view does not read by itself: a text of 5 MiB, every character of it escaped.
DATA_UPLOAD_MAX_MEMORY_SIZE = 48 * 1024 * 1024

CORS_URLS_REGEX = r"^/api/"
CORS_ALLOWED_ORIGINS = MC_ADMIN.cors_origins
CORS_ALLOW_CREDENTIALS = True
CORS_PREFLIGHT_MAX_AGE = 600
CORS_ALLOW_HEADERS = [*default_headers, "if-match", "if-none-match", "if-range", "prefer", "range"]
CORS_EXPOSE_HEADERS = [
    "Location", "Retry-After", "ETag", "Content-Disposition", "Content-Range", "Accept-Ranges", "X-Request-ID",
]

LOGGING_CONFIG = None  # mcadmin.logs sets logging up when a server or command starts
