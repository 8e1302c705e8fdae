"""Keys of providers: shown once, stored as a hash, revoked at once, journalled with their last four characters."""

from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from codes.intake.provider_keys import (
    LIFETIME,
    MOST_IN_FORCE,
    CannotIssue,
    NoSuchProvider,
    issue_key,
    key_shown,
    revoke_keys,
)
from codes.models import ProviderKey
from regions.journal.models import JournalEntry
from regions.models import City


def run(*options: str) -> str:
    """What the command prints to be kept."""
    call_command(
        "provider_key",
        "--city",
        "alpha",
        "--by",
        "operator:lin",
        *options,
        stdout=(out := StringIO()),
        stderr=StringIO(),
    )
    return out.getvalue().strip()


def test_a_key_is_known_by_nothing_but_itself(alpha: City, now: datetime) -> None:
    row, key = issue_key(provider="alipay", by="operator:lin", now=now)
    assert key_shown(key, now=now) == row
    assert key_shown(f"{key} ", now=now) is None
    assert key_shown("", now=now) is None
    assert row.last_four == key[-4:]
    stored = " ".join(str(value) for value in ProviderKey.objects.filter(pk=row.pk).values_list()[0])
    assert key not in stored
    assert key.encode() not in bytes(row.key_hash)


def test_issued_beside_another_and_no_third(alpha: City, now: datetime) -> None:
    keys = [issue_key(provider="alipay", by="operator:lin", now=now)[1] for _ in range(MOST_IN_FORCE)]
    assert all(key_shown(key, now=now) for key in keys)
    with pytest.raises(CannotIssue):
        issue_key(provider="alipay", by="operator:lin", now=now)
    issue_key(provider="wechat", by="operator:lin", now=now)


def test_rotating_leaves_one(alpha: City, now: datetime) -> None:
    before = [issue_key(provider="alipay", by="operator:lin", now=now)[1] for _ in range(MOST_IN_FORCE)]
    _, after = issue_key(provider="alipay", by="operator:wang", now=now, alone=True)
    assert [bool(key_shown(key, now=now)) for key in (*before, after)] == [False, False, True]
    assert set(ProviderKey.objects.filter(revoked_at=now).values_list("revoked_by", flat=True)) == {"operator:wang"}


def test_one_of_two_is_revoked_by_its_end(alpha: City, now: datetime) -> None:
    keys = [issue_key(provider="alipay", by="operator:lin", now=now)[1] for _ in range(2)]
    assert revoke_keys(provider="alipay", by="operator:lin", now=now, last_four=keys[0][-4:]) == [keys[0][-4:]]
    assert [bool(key_shown(key, now=now)) for key in keys] == [False, True]
    assert revoke_keys(provider="alipay", by="operator:lin", now=now, last_four="none") == []


def test_every_act_is_journalled_without_the_key(alpha: City, now: datetime) -> None:
    _, key = issue_key(provider="alipay", by="operator:lin", now=now)
    revoke_keys(provider="alipay", by="operator:wang", now=now)
    revoke_keys(provider="alipay", by="operator:wang", now=now)
    acts = list(JournalEntry.objects.filter(verb__startswith="provider_key").order_by("seq"))
    assert [(one.verb, one.by, one.subject) for one in acts] == [
        ("provider_key.issued", "operator:lin", "provider:alipay"),
        ("provider_key.revoked", "operator:wang", "provider:alipay"),
    ]
    assert acts[0].data == {
        "last_four": key[-4:],
        "scopes": ["declarations", "entries"],
        "expires_at": (now + LIFETIME).isoformat(),
    }


def test_the_command_issues_rotates_and_revokes(alpha: City) -> None:
    first = run("--provider", "alipay", "--issue")
    assert key_shown(first, now=timezone.now())
    second = run("--provider", "alipay", "--rotate")
    assert (key_shown(first, now=timezone.now()), bool(key_shown(second, now=timezone.now()))) == (None, True)
    assert second[-4:] in run("--provider", "alipay", "--revoke", "--last-four", second[-4:])
    assert key_shown(second, now=timezone.now()) is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--provider", "nobody", "--issue"], "no provider 'nobody'; it has alipay, wechat"),
        (["--provider", "alipay", "--revoke"], "no such key in force"),
    ],
)
def test_the_command_says_what_stands_in_its_way(alpha: City, options: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says) as refused:
        run(*options)
    assert refused.value.returncode == 2


def test_no_such_provider(alpha: City, now: datetime) -> None:
    with pytest.raises(NoSuchProvider):
        revoke_keys(provider="nobody", by="operator:lin", now=now)
