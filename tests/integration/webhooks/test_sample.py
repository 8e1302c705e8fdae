"""The sample receiver in docs/webhooks.md accepts what the city sends, once and in order, and nothing else."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.utils import timezone

from codes.key_rotation import kid_of
from codes.webhooks.deliver import body_of, deliver, webhook_headers
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from tests.integration.review.desk import Desk
from tests.integration.webhooks.receiver import CODE, Receiver, declared, hook


def sample() -> Callable[..., dict[str, Any] | None]:
    text = (settings.BASE_DIR / "docs" / "webhooks.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    place: dict[str, Any] = {}
    exec(code, place)  # noqa: S102 - ours
    read: Callable[..., dict[str, Any] | None] = place["read_message"]
    return read


def test_the_sample_believes_the_city_and_nobody_else(desk: Desk, receiver: Receiver) -> None:
    declared("zhang", "w-17", at=desk.now)
    webhook = hook(receiver.address, now=desk.now, events=(CODE,))
    desk.approve(desk.propose("zhang", "green"))
    assert deliver(webhook.pk, clock=timezone.now) == 1
    headers, body = receiver.came[0]
    key = CityKey.objects.get(purpose=Purpose.MESSAGE)
    known: dict[str, Any] = {"keys": {kid_of(key): bytes(key.public_key or b"")}, "newest": {}, "seen": set()}
    read = sample()
    message = read(headers, body, **known)
    assert message is not None
    assert (message["person"], message["data"]["colour"]) == ("w-17", "green")
    assert read(headers, body, **known) is None, "a second time"
    known["seen"].clear()
    known["newest"][message["city"], "w-17"] += 1
    assert read(headers, body, **known) is None, "a later colour is shown"
    with pytest.raises(InvalidSignature):
        read(headers, body.replace(b"green", b"red"), **known)
    with pytest.raises(InvalidSignature):
        read({**headers, "X-Timestamp": str(int(headers["X-Timestamp"]) + 1)}, body, **known)
    with pytest.raises(KeyError):
        read({**headers, "X-Key-Id": "00" * 8}, body, **known)
    old = timezone.now() - timedelta(minutes=6)
    signed = webhook_headers(body, key=encryption.signing_key(Purpose.MESSAGE), kid=kid_of(key), now=old)
    with pytest.raises(ValueError, match="may be replayed"):
        read(signed, body_of(webhook.deliveries.get(), webhook), **known)
