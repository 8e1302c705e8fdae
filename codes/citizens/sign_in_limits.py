"""How often codes may be asked for: by number, so that nobody's phone is flooded, and by network address."""

from datetime import datetime, timedelta
from math import ceil

from codes.models import SignInCode

PAUSE = timedelta(seconds=60)
PER_NUMBER = ((timedelta(hours=1), 5), (timedelta(days=1), 10))
# Many people share an address behind their carrier's or an office's gateway.
PER_ADDRESS = ((timedelta(hours=1), 60),)


class TooOften(ValueError):
    """Codes were asked for too often. ``seconds`` to wait; the same whether the number is anybody's or not."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"ask again in {seconds} seconds")
        self.seconds = seconds


def check_limits(number: bytes, address: bytes, *, now: datetime) -> None:
    """Raises ``TooOften`` with the longest wait that any limit asks for."""
    by_number = SignInCode.objects.filter(id_hash=number).order_by("-asked_at")
    by_address = SignInCode.objects.filter(address_hash=address).order_by("-asked_at")
    numbers = list(by_number.filter(asked_at__gt=now - PER_NUMBER[-1][0]).values_list("asked_at", flat=True)[:10])
    addresses = list(by_address.filter(asked_at__gt=now - PER_ADDRESS[-1][0]).values_list("asked_at", flat=True)[:60])
    waits = [wait_of(numbers, ((PAUSE, 1), *PER_NUMBER), now=now), wait_of(addresses, PER_ADDRESS, now=now)]
    if max(waits):
        raise TooOften(max(waits))


def wait_of(asked: list[datetime], limits: tuple[tuple[timedelta, int], ...], *, now: datetime) -> int:
    """Whole seconds until all limits (window, number) allow another; ``asked`` is sorted, the latest first."""
    frees = [asked[count - 1] + window for window, count in limits if len(asked) >= count]
    return max([0, *(ceil((free - now).total_seconds()) for free in frees)])
