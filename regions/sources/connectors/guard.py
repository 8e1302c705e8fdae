"""Where a source may be: the operator's list, held against the name in the settings and again against the address.

Sources are configured by people, so every address is treated as an attack. A name is resolved once; all addresses it
leads to must be allowed, and the connection is made to one of them and to nothing resolved later.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Self

import idna

from regions.sources.connectors.delivery import HostNotAllowed, SourceMisconfigured, SourceUnreachable

Address = IPv4Address | IPv6Address
# A name and a port in, the addresses it leads to out; raises OSError.
Resolver = Callable[[str, int], Sequence[str]]


class AllowListUnreadable(ValueError):
    """The operator's list has an entry that is not `host:port`, `host:*` or `sqlite:*`."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the operating system gives them, without repeats. Raises OSError."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


@dataclass(frozen=True, slots=True)
class AllowList:
    """Hosts and ports where sources may be (port none = any), whether in files, or on the loopback and nowhere else."""

    entries: frozenset[tuple[str, int | None]] = frozenset()
    files: bool = False
    loopback_only: bool = False

    @classmethod
    def parse(cls, text: str | None, *, debug: bool = False) -> Self:
        """`host:port,host:*,[::1]:5432,sqlite:*`; blank is the loopback with `debug`, else nothing. Raises AllowListUnreadable."""
        if text is None or not text.strip():
            return cls(files=debug, loopback_only=debug)
        entries = [_read_entry(entry.strip()) for entry in text.split(",") if entry.strip()]
        files = ("sqlite", None)
        return cls(entries=frozenset(entries) - {files}, files=files in entries)

    def check(self, host: str, port: int) -> None:
        """Pass, or raise HostNotAllowed, by the name alone; SourceMisconfigured if it is no host name."""
        name = normal_host(host)
        is_listed = (name, port) in self.entries or (name, None) in self.entries
        if not (is_loopback_name(name) if self.loopback_only else is_listed):
            raise HostNotAllowed("host_not_allowed", host=name, port=port)

    def check_file(self) -> None:
        """Pass if sources may be database files, or raise HostNotAllowed."""
        if not self.files:
            raise HostNotAllowed("file_not_allowed")

    def addresses(self, host: str, port: int, resolve: Resolver = resolve) -> tuple[str, ...]:
        """The addresses to connect to, all of them allowed. Raises HostNotAllowed, SourceUnreachable."""
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
        """Whether a name that passed `check` may lead to this address.

        It may lead into any network, but not back to this machine nor to special addresses: they hold what trusts its
        neighbours (metadata services, local daemons), and are listed by address or not at all.
        """
        ip = _unmapped(ipaddress.ip_address(address.partition("%")[0]))
        if is_loopback_name(name):
            return ip.is_loopback
        if _as_address(name) == ip or (str(ip), port) in self.entries or (str(ip), None) in self.entries:
            return True
        return not (ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved)


def normal_host(host: str) -> str:
    """One spelling per host: lower case, no trailing dot, ASCII; addresses as Python prints them."""
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
    """Whether a normal host name can only mean this machine (RFC 6761 reserves `.localhost`)."""
    address = _as_address(name)
    return address.is_loopback if address is not None else name == "localhost" or name.endswith(".localhost")


def _as_address(text: str) -> Address | None:
    """The address a text spells, none for a name. Scoped (`%eth0`) addresses are names, and no valid ones."""
    try:
        return None if "%" in text else _unmapped(ipaddress.ip_address(text))
    except ValueError:
        return None


def _unmapped(address: Address) -> Address:
    """`::ffff:127.0.0.1` is 127.0.0.1, and is judged as such."""
    return getattr(address, "ipv4_mapped", None) or address


def _read_entry(entry: str) -> tuple[str, int | None]:
    """One entry of the list as host and port, none for any port."""
    host, separator, port = entry.rpartition(":")
    if not separator or not host or not (port == "*" or (port.isascii() and port.isdigit() and 0 < int(port) < 65536)):
        raise AllowListUnreadable(f"{entry!r} is not host:port, host:* or sqlite:*")
    try:
        return normal_host(host), None if port == "*" else int(port)
    except SourceMisconfigured:
        raise AllowListUnreadable(f"{entry!r} does not begin with a host name or an address") from None
