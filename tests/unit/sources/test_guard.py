"""Where a source may be: by name, by address, and with a resolver that lies."""

from collections.abc import Callable

import pytest

from regions.sources.connectors.delivery import HostNotAllowed, SourceMisconfigured, SourceUnreachable
from regions.sources.connectors.guard import AllowList, AllowListUnreadable, Resolver, normal_host

LISTED = AllowList.parse("data.sichuan.example:443, db.chengdu.example:*,127.0.0.1:8701,[::1]:5432,数据.example:443")
LOOPBACK = AllowList.parse(None, debug=True)
NEVER = [
    "0.0.0.0",  # noqa: S104
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "169.254.169.254",
    "169.254.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "::",
    "fe80::1",
    "febf::a9fe:a9fe",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::100.100.100.200",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1",
    "2001:db8::5efe:169.254.169.254",
]


def is_allowed(check: Callable[..., None], *place: object) -> bool:
    try:
        check(*place)
    except HostNotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("data.sichuan.example", 443),
        ("DATA.Sichuan.Example.", 443),
        ("db.chengdu.example", 1),
        ("db.chengdu.example", 5432),
        ("127.0.0.1", 8701),
        ("::1", 5432),
        ("[::1]", 5432),
        ("::ffff:127.0.0.1", 8701),
        ("数据.example", 443),
        ("xn--8wv70h.example", 443),
    ],
)
def test_listed_places_are_allowed(host: str, port: int) -> None:
    if host.startswith("xn--"):
        host = normal_host("数据.example")
    assert is_allowed(LISTED.check, host, port)


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("data.sichuan.example", 80),
        ("evil.data.sichuan.example", 443),
        ("data.sichuan.example.evil.example", 443),
        ("sichuan.example", 443),
        ("127.0.0.1", 8702),
        ("127.0.0.2", 8701),
        ("localhost", 8701),
        ("2130706433", 8701),
        ("0x7f.1", 8701),
        ("::1", 8701),
    ],
)
def test_other_places_are_refused_with_what_to_do(host: str, port: int) -> None:
    with pytest.raises(HostNotAllowed, match="SOURCE_ALLOW_LIST") as refused:
        LISTED.check(host, port)
    assert refused.value.reason == "host_not_allowed"
    assert str(port) in refused.value.message_in("zh-hans")


@pytest.mark.parametrize("host", ["", "a b", "user@db", "db/../x", "db,evil", "db;x", "%2e", "fe80::1%eth0", "." * 5])
def test_what_is_no_host_name_is_a_setting_to_correct(host: str) -> None:
    with pytest.raises(SourceMisconfigured):
        LISTED.check(host, 443)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "chengdu.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_debug_without_a_list_allows_the_loopback(host: str) -> None:
    assert is_allowed(LOOPBACK.check, host, 1)


@pytest.mark.parametrize("host", ["10.0.0.1", "db", "localhost.evil.example", "0.0.0.0", "128.0.0.1"])  # noqa: S104
def test_debug_without_a_list_allows_nothing_else(host: str) -> None:
    with pytest.raises(HostNotAllowed):
        LOOPBACK.check(host, 1)


@pytest.mark.parametrize("text", [None, "", "  "])
def test_production_without_a_list_allows_nothing(text: str | None) -> None:
    allowed = AllowList.parse(text, debug=False)
    with pytest.raises(HostNotAllowed):
        allowed.check("127.0.0.1", 80)
    with pytest.raises(HostNotAllowed, match="sqlite"):
        allowed.check_file()


def test_a_list_counts_in_debug_too_and_replaces_the_loopback() -> None:
    allowed = AllowList.parse("db.example:5432", debug=True)
    with pytest.raises(HostNotAllowed):
        allowed.check("127.0.0.1", 80)
    with pytest.raises(HostNotAllowed):
        allowed.check_file()


def test_files_are_allowed_by_their_own_entry() -> None:
    assert is_allowed(AllowList.parse("db.example:5432,sqlite:*").check_file)
    assert is_allowed(LOOPBACK.check_file)


@pytest.mark.parametrize(
    "text",
    ["db.example", "db.example:", ":5432", "db:80;tls", "db;plain", "db:0", "db:65536", "db:5432x", "db:-1", "a b:1"],
)
def test_an_unreadable_list_is_refused_whole(text: str) -> None:
    with pytest.raises(AllowListUnreadable):
        AllowList.parse(f"good.example:1,{text}")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::1", *NEVER],
)
def test_a_listed_name_may_not_lead_back_to_this_machine_or_its_link(address: str) -> None:
    with pytest.raises(HostNotAllowed) as refused:
        LISTED.addresses("db.chengdu.example", 5433, lambda *_: [address])
    assert refused.value.reason == "address_not_allowed"
    assert address not in str(refused.value)


@pytest.mark.parametrize("address", NEVER)
def test_what_trusts_its_neighbours_is_no_source_even_if_it_is_listed(address: str) -> None:
    with pytest.raises(AllowListUnreadable, match="link-local"):
        AllowList.parse(f"db.example:5432,[{address}]:80")
    told = AllowList(entries=frozenset({("db.example", None), (normal_host(address), None)}))
    with pytest.raises(HostNotAllowed):
        told.check(address, 80)
    with pytest.raises(HostNotAllowed):
        told.addresses("db.example", 80, lambda *_: [address])


@pytest.mark.parametrize("address", ["8.8.8.8", "10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::1", "2400:3200::1"])
def test_an_ordinary_address_is_ordinary_in_every_form(address: str) -> None:
    assert LISTED.addresses("db.chengdu.example", 5432, lambda *_: [address]) == (address,)


def test_only_the_operator_says_where_there_is_no_tls() -> None:
    allowed = AllowList.parse("a.example:443,b.example:80;plain,c.example:*;plain")
    assert is_allowed(allowed.check, "b.example", 80)
    assert is_allowed(allowed.check_plain, "B.example.", 80)
    assert is_allowed(allowed.check_plain, "c.example", 5432)
    assert is_allowed(LOOPBACK.check_plain, "localhost", 1)
    for place in (("a.example", 443), ("b.example", 81)):
        with pytest.raises(HostNotAllowed, match="TLS") as refused:
            allowed.check_plain(*place)
        assert refused.value.reason == "tls_required"


def test_one_bad_address_among_good_ones_spoils_the_name() -> None:
    with pytest.raises(HostNotAllowed):
        LISTED.addresses("db.chengdu.example", 5432, lambda *_: ["10.1.2.3", "127.0.0.1"])


def test_a_listed_name_may_lead_into_a_private_network() -> None:
    assert LISTED.addresses("db.chengdu.example", 5432, lambda *_: ["10.1.2.3", "fd00::1"]) == ("10.1.2.3", "fd00::1")


def test_a_name_may_lead_to_a_special_address_that_is_listed_itself() -> None:
    allowed = AllowList.parse("db.example:5432,127.0.0.1:5432")
    assert allowed.addresses("db.example", 5432, lambda *_: ["127.0.0.1"]) == ("127.0.0.1",)


@pytest.mark.parametrize("allowed", [LOOPBACK, AllowList.parse("localhost:8701")])
def test_a_loopback_name_that_leads_elsewhere_is_refused(allowed: AllowList) -> None:
    assert allowed.addresses("localhost", 8701, lambda *_: ["::1", "127.0.0.1"]) == ("::1", "127.0.0.1")
    with pytest.raises(HostNotAllowed):
        allowed.addresses("localhost", 8701, lambda *_: ["10.0.0.1"])


def test_the_name_is_resolved_once_and_not_before_it_is_allowed() -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["10.1.2.3"]

    with pytest.raises(HostNotAllowed):
        LISTED.addresses("evil.example", 443, resolve)
    assert asked == []
    LISTED.addresses("db.chengdu.example", 443, resolve)
    assert asked == ["db.chengdu.example"]


def test_an_unknown_name_may_be_known_later() -> None:
    def fail(*_: object) -> list[str]:
        raise OSError("no such host")

    resolvers: list[Resolver] = [fail, lambda *_: []]
    for resolve in resolvers:
        with pytest.raises(SourceUnreachable) as fault:
            LISTED.addresses("db.chengdu.example", 443, resolve)
        assert fault.value.reason == "no_such_name"
