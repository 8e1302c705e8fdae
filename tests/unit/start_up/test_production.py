"""The settings that a public installation runs with, as a process of its own has them."""

import base64
import json
import os
import subprocess
import sys

from portal.embedded.state import CHECKOUT

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
PRODUCTION = {
    "ALLOWED_HOSTS": "code.example.org,.code.example.org",
    "SECRET_KEY": base64.b64encode(bytes((7 * number) % 251 for number in range(60))).decode(),
    "KEY_ENCRYPTION_KEY": base64.b64encode(bytes((11 * number) % 251 for number in range(32))).decode(),
    "DATABASE_URL": NOWHERE,
    "DATABASE_OWNER_URL": NOWHERE,
    "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
}
# The check fails with its first warning; then every setting of cookies, and what else a browser is told.
TOLD = """
import json, django
from django.conf import settings
from django.core.management import call_command
django.setup()
call_command("check", deploy=True, fail_level="WARNING")
names = [name for name in dir(settings) if "COOKIE" in name or name == "CONTENT_SECURITY_POLICY"]
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


def test_the_deployment_check_is_clean_and_cookies_are_of_one_host() -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    environment = {**kept, **PRODUCTION, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    told = subprocess.run(
        [sys.executable, "-c", TOLD], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    settings = json.loads(told.stdout.splitlines()[-1])
    names = {name: value for name, value in settings.items() if name.endswith("_COOKIE_NAME")}
    assert len(names) >= 5
    assert all(value.startswith("__Host-") for value in names.values()), names
    # What a name beginning so asks of its cookie, or browsers drop it.
    for cookie in ("SESSION", "CSRF", "LANGUAGE"):
        assert settings[f"{cookie}_COOKIE_SECURE"]
        assert settings[f"{cookie}_COOKIE_HTTPONLY"]
        assert settings[f"{cookie}_COOKIE_DOMAIN"] is None
        assert settings[f"{cookie}_COOKIE_PATH"] == "/"
    policy = settings["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert {"default-src", "frame-ancestors", "form-action", "base-uri"} <= set(policy), (
        "the first does not stand for the others"
    )
    assert {source for sources in policy.values() for source in sources} == {"'self'", "'none'"}, (
        "nothing inline or elsewhere"
    )
