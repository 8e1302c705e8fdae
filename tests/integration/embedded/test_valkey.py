"""The embedded Valkey: a broker that keeps what is enqueued across a restart."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.embedded import servers, valkey
from portal.embedded.state import open_state

pytestmark = pytest.mark.usefixtures("own_state")


def test_it_asks_for_a_password_and_listens_on_the_loopback_only() -> None:
    place = urlsplit(servers.ensure_broker())

    assert place.hostname == "127.0.0.1"
    assert place.port is not None
    with (
        redis.Redis(host="127.0.0.1", port=place.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        stranger.ping()


def test_after_kill_9_it_comes_back_with_what_was_written() -> None:
    url = servers.ensure_broker()
    with redis.Redis.from_url(url) as client:
        client.config_set("appendfsync", "always")
        client.rpush("portal", "task")
    os.kill(int((valkey.find(open_state()).folder / "valkey.pid").read_text(encoding="utf-8")), signal.SIGKILL)

    assert servers.ensure_broker() == url
    with redis.Redis.from_url(url) as client:
        assert client.lrange("portal", 0, -1) == [b"task"]


def test_its_configuration_is_readable_by_its_user_only(own_state: Path) -> None:
    servers.ensure_broker()

    assert (own_state / "valkey" / "valkey.conf").stat().st_mode & 0o777 == 0o600
    assert (own_state / "valkey.json").stat().st_mode & 0o777 == 0o600
