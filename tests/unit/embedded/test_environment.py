"""What the portal takes from its environment, and what it refuses."""

import base64
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import environment
from regions.sources.connectors.guard import AllowList

KEY = base64.b64encode(bytes(range(32))).decode()
PRODUCTION = {"ALLOWED_HOSTS": "code.example.org", "SECRET_KEY": "x" * 50, "KEY_ENCRYPTION_KEY": KEY}


def test_a_machine_for_trying_things_out_needs_no_setting(bare_environment: dict[str, str]) -> None:
    loaded = environment.load()

    assert loaded.debug
    assert not loaded.is_production
    assert len(loaded.secret_key) >= 50
    assert len(loaded.key_encryption_key) == 32
    assert loaded.source_allow_list == AllowList(files=True, loopback_only=True)


def test_the_generated_keys_stay_the_same(bare_environment: dict[str, str]) -> None:
    first, second = environment.load(), environment.load()

    assert first.secret_key == second.secret_key
    assert first.key_encryption_key == second.key_encryption_key
    assert (first.state / "secret-key.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("settings", "debug"),
    [
        ({}, True),
        ({"ALLOWED_HOSTS": "chengdu.localhost,127.0.0.1"}, True),
        ({"DATABASE_URL": "postgresql://a:b@127.0.0.1/c"}, True),
        ({"DATABASE_URL": "postgresql://a:b@db.example.org/c"}, False),
        ({"ALLOWED_HOSTS": "code.example.org"}, False),
        ({"ALLOWED_HOSTS": "*"}, False),
        ({"ALLOWED_HOSTS": "notlocalhost"}, False),
        ({"DEBUG": "off"}, False),
    ],
)
def test_debug_is_on_only_where_nobody_else_can_reach(
    bare_environment: dict[str, str], settings: dict[str, str], debug: bool
) -> None:
    bare_environment.update({"SECRET_KEY": "x" * 50, "KEY_ENCRYPTION_KEY": KEY} | settings)

    assert environment.load().debug is debug


def test_debug_is_refused_beside_a_public_name_and_a_database_elsewhere(bare_environment: dict[str, str]) -> None:
    bare_environment.update(PRODUCTION, DEBUG="on", DATABASE_URL="postgresql://a:b@db.example.org/c")

    with pytest.raises(ImproperlyConfigured, match="DEBUG"):
        environment.load()


@pytest.mark.parametrize("missing", ["SECRET_KEY", "KEY_ENCRYPTION_KEY"])
def test_production_brings_its_own_keys(bare_environment: dict[str, str], missing: str) -> None:
    bare_environment.update({name: value for name, value in PRODUCTION.items() if name != missing})

    with pytest.raises(ImproperlyConfigured, match=f"^{missing} is not set"):
        environment.load()


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("database_url", "DATABASE_URL"),
        ("database_owner_url", "DATABASE_OWNER_URL"),
        ("broker_url", "CELERY_BROKER_URL"),
    ],
)
def test_production_is_refused_the_embedded_servers(bare_environment: dict[str, str], url: str, variable: str) -> None:
    bare_environment.update(PRODUCTION)

    with pytest.raises(ImproperlyConfigured, match=f"^{variable} is not set"):
        getattr(environment.load(), url)


def test_production_leaves_no_state_behind(bare_environment: dict[str, str]) -> None:
    bare_environment.update(
        PRODUCTION, DATABASE_URL="postgresql://a:b@db/c", DATABASE_OWNER_URL="postgresql://o:p@db/c"
    )

    loaded = environment.load()

    assert (loaded.database_url, loaded.database_owner_url) == ("postgresql://a:b@db/c", "postgresql://o:p@db/c")
    assert not loaded.state.exists()


def test_one_database_login_without_the_other_is_refused(bare_environment: dict[str, str]) -> None:
    bare_environment.update(PRODUCTION, DATABASE_URL="postgresql://a:b@db/c")

    with pytest.raises(ImproperlyConfigured, match="DATABASE_OWNER_URL is not"):
        _ = environment.load().database_owner_url


@pytest.mark.parametrize("value", ["not base64!", base64.b64encode(b"short").decode()])
def test_a_bad_key_is_refused_without_being_repeated(bare_environment: dict[str, str], value: str) -> None:
    bare_environment["KEY_ENCRYPTION_KEY"] = value

    with pytest.raises(ImproperlyConfigured, match="KEY_ENCRYPTION_KEY") as refusal:
        environment.load()
    assert value not in str(refusal.value)


def test_printing_the_environment_shows_no_secret(bare_environment: dict[str, str]) -> None:
    bare_environment.update(PRODUCTION, DATABASE_URL="postgresql://a:hush@db/c", CELERY_BROKER_URL="redis://:hush@q/0")

    shown = repr(environment.load())

    assert "hush" not in shown
    assert PRODUCTION["SECRET_KEY"] not in shown
    assert "key_encryption_key" not in shown


def test_the_allow_list_names_hosts_and_ports(bare_environment: dict[str, str]) -> None:
    bare_environment["SOURCE_ALLOW_LIST"] = "data.example.org:443, 10.0.0.5:* ,[fd00:0::1]:8443,数据.example:443"

    listed = {("data.example.org", 443), ("10.0.0.5", None), ("fd00::1", 8443), ("xn--vxup8b.example", 443)}
    assert environment.load().source_allow_list == AllowList(entries=frozenset(listed))
    bare_environment["MESSAGE_ALLOW_LIST"] = bare_environment.pop("SOURCE_ALLOW_LIST")
    assert environment.load().message_allow_list == AllowList(entries=frozenset(listed))


@pytest.mark.parametrize("entry", ["data.example.org", ":443", "a:0", "a:65536", "a:http", "a:-1"])
def test_a_bad_allow_list_is_refused(bare_environment: dict[str, str], entry: str) -> None:
    bare_environment["SOURCE_ALLOW_LIST"] = entry

    with pytest.raises(ImproperlyConfigured, match="SOURCE_ALLOW_LIST"):
        environment.load()


def test_without_an_allow_list_production_reaches_no_source(bare_environment: dict[str, str]) -> None:
    bare_environment.update(PRODUCTION)

    assert environment.load().source_allow_list == environment.load().message_allow_list == AllowList()


def test_what_is_set_wins_over_the_env_file(bare_environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=debug\nCHENGDU_POLICE_URL=sqlite://\nALLOWED_HOSTS=a.localhost\n")
    bare_environment["ALLOWED_HOSTS"] = "b.localhost"

    loaded = environment.load()

    assert loaded.log_level == "DEBUG"
    assert loaded.allowed_hosts == ("b.localhost",)
    assert bare_environment["CHENGDU_POLICE_URL"] == "sqlite://"
