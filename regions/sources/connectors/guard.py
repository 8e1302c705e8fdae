"""Where a source may be: the operator's allow list, checked against the name in the settings and again against the address.

People configure sources, so every address is treated as hostile. A name is resolved once; all its addresses must be allowed, and
the connection is made to one of these without resolving again. Addresses that trust whoever can reach them (link-local, metadata of
clouds) are never a source, whatever the list says.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Self

import idna

from regions.numbers import number_of
from regions.sources.connectors.delivery import HostNotAllowed, SourceMisconfigured, SourceUnreachable

Address = IPv4Address | IPv6Address
# Takes a name and a port and returns the addresses; raises OSError.
Resolver = Callable[[str, int], Sequence[str]]


NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            # This network, link-local (metadata of most clouds), multicast, reserved and broadcast.
            "0.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/128",
            "fe80::/10",
            "ff00::/8",
            # Metadata of Alibaba, Oracle, Azure, Amazon and Google, which are not in a special network.
            "100.100.100.200/32",
            "192.0.0.192/32",
            "168.63.129.16/32",
            "fd00:ec2::254/128",
            "fd20:ce::254/128",
        ),
    )
)
# IPv6 networks whose last four bytes are an IPv4 address to which a gateway forwards: compatible, SIIT, NAT64.
_LAST_FOUR_BYTES = tuple(map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")))
_ISATAP = (0x5EFE, 0x02005EFE)


class AllowListUnreadable(ValueError):
    """Raised if the allow list has an entry that is not `host:port`, `host:*` or `sqlite:*`, or that can never be a source."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name, as the operating system resolves it, without repeats. Raises OSError.

    Names under `.localhost` are this machine by definition (RFC 6761), which not every system implements.
    """
    if host.endswith(".localhost"):
        return ["127.0.0.1", "::1"]
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


@dataclass(frozen=True, slots=True)
class AllowList:
    """Hosts and ports where sources may be (port None = any), and which of them without TLS.

    `files` allows database files; with `loopback_only` only the loopback is allowed.
    """

    entries: frozenset[tuple[str, int | None]] = frozenset()
    plain: frozenset[tuple[str, int | None]] = frozenset()
    files: bool = False
    loopback_only: bool = False

    @classmethod
    def parse(cls, text: str | None, *, debug: bool = False) -> Self:
        """Parse `host:port,host:port;plain,host:*,[::1]:5432,sqlite:*`. Blank allows the loopback with `debug` and nothing without.

        Raises AllowListUnreadable.
        """
        if text is None or not text.strip():
            return cls(files=debug, loopback_only=debug)
        written = [entry.strip() for entry in text.split(",") if entry.strip()]
        plain = frozenset(_read_entry(entry.removesuffix(PLAIN)) for entry in written if entry.endswith(PLAIN))
        entries = plain.union(_read_entry(entry) for entry in written if not entry.endswith(PLAIN))
        files = ("sqlite", None)
        return cls(entries=entries - {files}, plain=plain - {files}, files=files in entries)

    def check(self, host: str, port: int) -> None:
        """Raise HostNotAllowed unless the host's name is allowed, and SourceMisconfigured if it is not a host name."""
        name = normal_host(host)
        is_listed = (name, port) in self.entries or (name, None) in self.entries
        if not (is_loopback_name(name) if self.loopback_only else is_listed):
            raise HostNotAllowed("host_not_allowed", host=name, port=port)
        address = _as_address(name)
        if address is not None and is_never_a_source(address):
            raise HostNotAllowed("address_not_allowed", host=name)

    def allows_plain(self, host: str, port: int) -> bool:
        """Return whether a place may be reached without TLS: on the loopback, or because the operator listed it so."""
        name = normal_host(host)
        return is_loopback_name(name) or (name, port) in self.plain or (name, None) in self.plain

    def check_plain(self, host: str, port: int) -> None:
        """Raise HostNotAllowed unless the place may be reached without TLS."""
        if not self.allows_plain(host, port):
            raise HostNotAllowed("tls_required", host=normal_host(host), port=port)

    def check_file(self) -> None:
        """Raise HostNotAllowed unless sources may be database files."""
        if not self.files:
            raise HostNotAllowed("file_not_allowed")

    def addresses(self, host: str, port: int, resolve: Resolver = resolve) -> tuple[str, ...]:
        """Return the addresses to connect to, all of them allowed. Raises HostNotAllowed, SourceUnreachable."""
        self.check(host, port)
        name = normal_host(host)
        try:
            found = resolve(name, port)
        except (OSError, UnicodeError):
            raise SourceUnreachable("no_such_name", host=name) from None
        if not found:
            raise SourceUnreachable("no_such_name", host=name)
        for address in found:
            if not self._allows_address(name, port, address):
                raise HostNotAllowed("address_not_allowed", host=name)
        return tuple(found)

    def _allows_address(self, name: str, port: int, address: str) -> bool:
        """Return whether a name that passed `check` may resolve to this address.

        It may be in any network. This machine is allowed only if it is listed by address, and an address that is never a source is
        always refused.
        """
        ip = _unmapped(ipaddress.ip_address(address.partition("%")[0]))
        if is_never_a_source(ip):
            return False
        if is_loopback_name(name):
            return ip.is_loopback
        if _as_address(name) == ip or (str(ip), port) in self.entries or (str(ip), None) in self.entries:
            return True
        return not any(one.is_loopback for one in (ip, *_embedded(ip)))


def is_never_a_source(address: Address) -> bool:
    """Return whether an address, or an IPv4 address embedded in it, is link-local, metadata, or not a single host's."""
    return any(_is_within(one, network) for one in (address, *_embedded(address)) for network in NEVER)


def _is_within(address: Address, network: IPv4Network | IPv6Network) -> bool:
    return address.version == network.version and address in network


def _embedded(address: Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses embedded in an IPv6 address: mapped, translated and tunnelled."""
    if isinstance(address, IPv4Address) or address.is_loopback or address.is_unspecified:
        return
    last = IPv4Address(int(address) & 0xFFFFFFFF)
    is_isatap = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    if is_isatap or any(address in network for network in _LAST_FOUR_BYTES):
        yield last
    yield from filter(None, (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())))


def normal_host(host: str) -> str:
    """Return the normal spelling of a host: lower case, no trailing dot, ASCII; addresses as Python prints them."""
    bare = host.strip("[]").rstrip(".").lower()
    address = _as_address(bare)
    if address is not None:
        return str(address)
    try:
        name = bare if bare.isascii() else idna.encode(bare, uts46=True).decode("ascii")
    except idna.IDNAError:
        name = ""
    if not name or not all(character.isalnum() or character in ".-_" for character in name):
        raise SourceMisconfigured("bad_setting", part="host")
    return name


def is_loopback_name(name: str) -> bool:
    """Return whether a normal host name can only mean this machine (RFC 6761 reserves `.localhost`)."""
    address = _as_address(name)
    return address.is_loopback if address is not None else name == "localhost" or name.endswith(".localhost")


def _as_address(text: str) -> Address | None:
    """Return the address a text denotes, or None for a name. Scoped (`%eth0`) addresses count as names, which are invalid."""
    try:
        return None if "%" in text else _unmapped(ipaddress.ip_address(text))
    except ValueError:
        return None


def _unmapped(address: Address) -> Address:
    """Return 127.0.0.1 for `::ffff:127.0.0.1`, as the same rules apply to both."""
    return getattr(address, "ipv4_mapped", None) or address


PLAIN = ";plain"


def _read_entry(entry: str) -> tuple[str, int | None]:
    """Parse an entry of the list to host and port; None is any port."""
    host, separator, port = entry.rpartition(":")
    if not separator or not host or not (port == "*" or 0 < (number_of(port, digits=5) or 0) < 65536):
        raise AllowListUnreadable(f"{entry!r} is not host:port, host:port;plain, host:* or sqlite:*")
    try:
        name = normal_host(host)
    except SourceMisconfigured:
        raise AllowListUnreadable(f"{entry!r} does not begin with a host name or an address") from None
    address = _as_address(name)
    if address is not None and is_never_a_source(address):
        raise AllowListUnreadable(f"{entry!r} is link-local, metadata of a cloud, or no one host's address")
    return name, None if port == "*" else int(port)
