"""What is refused before anything is connected to."""

import base64
import random
import string
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from portal import start_up
from portal.environment import load
from portal.start_up import debug_faults, demo_faults, host_faults, key_encryption_key_faults, key_faults


@pytest.mark.parametrize(
    ("debug", "hosts", "faults"),
    [
        (True, ("localhost", ".localhost", "127.0.0.1"), 0),
        (True, ("chengdu.localhost",), 0),
        (True, ("codes.example.cn",), 1),
        (False, ("codes.example.cn",), 0),
    ],
)
def test_debug_is_for_loopback_only(debug: bool, hosts: tuple[str, ...], faults: int) -> None:
    environment = SimpleNamespace(debug=debug, allowed_hosts=hosts)
    assert len(list(debug_faults(environment))) == faults  # type: ignore[arg-type]


# The same in every process that collects the tests.
RANDOM = base64.urlsafe_b64encode(random.Random(1).randbytes(48)).decode()


@pytest.mark.parametrize(
    "key",
    [
        "a" * 60,
        "short",
        "django-insecure-" + RANDOM,
        "abcdefghijklmnop" * 4,
        string.ascii_letters + string.digits,
        (string.ascii_letters + string.digits)[::-1],
        RANDOM[:16] * 4,
        "qwertyuiop" + RANDOM,
        "change-me-" + RANDOM,
    ],
)
def test_a_guessable_key_is_refused(key: str) -> None:
    assert len(list(key_faults(key))) == 1


@pytest.mark.parametrize(
    "key",
    [
        b"0123456789abcdef0123456789abcdef",
        bytes(32),
        bytes(range(32)),
        bytes(range(200, 232)),
        bytes.fromhex("deadbeef") * 8,
        b"correct horse battery staple and",
    ],
)
def test_a_guessable_key_encryption_key_is_refused(key: bytes) -> None:
    assert len(key) == 32
    assert len(list(key_encryption_key_faults(key))) == 1


@pytest.mark.parametrize("seed", range(200))
def test_random_keys_are_taken(seed: int) -> None:
    dice = random.Random(seed)
    raw = dice.randbytes(48)
    for key in (base64.urlsafe_b64encode(raw).decode(), raw.hex(), "".join(dice.choices(string.printable[:94], k=50))):
        assert list(key_faults(key)) == []
    assert list(key_encryption_key_faults(raw[:32])) == []


@pytest.mark.parametrize("host", ["*", ".", ".cn", ".com"])
def test_hosts_that_any_name_fits_are_refused(host: str) -> None:
    assert len(list(host_faults(["codes.example.cn", host]))) == 1


def test_named_hosts_are_taken() -> None:
    assert list(host_faults(["codes.example.cn", ".example.cn", ".localhost", "[::1]"])) == []


def test_the_demo_is_not_for_production() -> None:
    assert list(demo_faults(gateway="sms.Gateway", apps=["codes"])) == []
    assert len(list(demo_faults(gateway="portal.demo.mail_box.MailBox", apps=["codes"]))) == 1
    assert len(list(demo_faults(gateway="sms.Gateway", apps=["codes", "portal.demo"]))) == 1


PRODUCTION = {
    "debug": False,
    "is_production": True,
    "allowed_hosts": ("codes.example.cn", "*"),
    "secret_key": "abcdefghijklmnop" * 4,
    "key_encryption_key": bytes(range(32)),
    "database_url": "postgresql://portal_app@nowhere/portal",
}


def test_every_fault_is_named_at_once(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.SMS_GATEWAY = "portal.demo.mail_box.MailBox"
    settings.EMAIL_BACKEND = "portal.demo.mail_box.StaffMail"
    monkeypatch.setattr(start_up, "database_faults", lambda url: iter([f"DATABASE_URL is {url}"]))
    with pytest.raises(ImproperlyConfigured) as refused:
        start_up.refuse_unsafe_start(SimpleNamespace(**PRODUCTION))  # type: ignore[arg-type]
    for named in ("SECRET_KEY", "KEY_ENCRYPTION_KEY", "ALLOWED_HOSTS", "SMS_GATEWAY", "EMAIL_URL"):
        assert named in str(refused.value)
    assert f"DATABASE_URL is {PRODUCTION['database_url']}" in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LEASE_SECONDS", "0.5"),
        ("PARTITION_CITIZENS", "0"),
        ("TRUSTED_PROXIES", "-1"),
        ("UPLOAD_MEMORY", "64"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_NETWORKS", "10.1.0.0/33"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ImproperlyConfigured, match=variable):
        load()
