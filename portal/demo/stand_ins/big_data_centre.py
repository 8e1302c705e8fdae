"""The stand-in big-data centre: `python -m portal.demo.stand_ins.big_data_centre --data FILE --port 8701 --app a=ENV`.

A real HTTP server on the loopback; its records, clock and faults are in a database that others write meanwhile.
"""

import argparse
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from portal.demo.stand_ins.big_data_cursor import Position
from portal.demo.stand_ins.big_data_faults import Fault, Page, Reply, refusal, reply_instead, spoil_page, spoil_reply
from portal.demo.stand_ins.big_data_handler import make_handler
from portal.demo.stand_ins.big_data_signature import Doorkeeper, Refusal
from portal.demo.stand_ins.big_data_store import AppState, BigDataStore
from regions.numbers import number_of

LARGEST_PAGE = 10_000
SHARES = {Fault.EMPTY: 0.0, Fault.SHRUNKEN: 0.6}


@dataclass(slots=True)
class BigDataCentre:
    """Answers requests from the store; `secrets` are the apps' by their ids."""

    store: BigDataStore
    secrets: Mapping[str, str]
    _doorkeeper: Doorkeeper = field(init=False)
    _tries: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._doorkeeper = Doorkeeper(self.secrets)

    def answer(self, target: str, headers: Mapping[str, str]) -> tuple[Fault, Reply]:
        """Return the reply to `GET target`, and the app's current fault."""
        address = urlsplit(target)
        if not address.path.endswith("/records"):
            return Fault.NONE, refusal(404, "40400", "no such interface")
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        try:
            app_id = self._doorkeeper.admit(headers, query)
        except Refusal as no:
            return Fault.NONE, refusal(401, no.code, no.message)
        state = self.store.state(app_id)
        if state is None:
            return Fault.NONE, refusal(200, "50001", "no data yet")
        fault = Fault(state.fault)
        instead = reply_instead(fault, self._count(app_id, state))
        try:
            return fault, instead or spoil_reply(fault, self._write(self._page(app_id, state, fault, query)))
        except Refusal as no:
            return fault, refusal(400, no.code, no.message)

    def _count(self, app_id: str, state: AppState) -> int:
        """Return how many requests came since the fault was set."""
        key = (app_id, state.fault_number)
        tries = self._tries.get(key, 0)
        self._tries[key] = tries + 1
        return tries

    def _page(self, app_id: str, state: AppState, fault: Fault, query: Mapping[str, str]) -> Page:
        """Return the requested page, changed as the fault demands. Raises Refusal."""
        limit, cursor = _read_limit(query), query.get("cursor", "")
        position = Position.unpack(cursor) if cursor else self._begin(app_id, state, fault, query)
        asked = min(limit, position.total - position.sent)
        records, after = self.store.page(app_id, position.window, position.after, asked)
        if fault is Fault.SKIPPED_PAGE and position.index == 1:
            records, after = self.store.page(app_id, position.window, after, asked)
        onward = replace(position, index=position.index + 1, after=after, sent=position.sent + len(records))
        more = bool(records) and onward.sent < position.total
        page = Page(position.index, position.horizon, position.total, records, onward.pack() if more else None)
        if fault in (Fault.REPEATED_PAGE, Fault.OVERLAPPING_PAGE):
            first = self.store.page(app_id, position.window, 0, limit)[0]
            return spoil_page(fault, page, first, cursor)
        return spoil_page(fault, page, [], cursor)

    def _begin(self, app_id: str, state: AppState, fault: Fault, query: Mapping[str, str]) -> Position:
        """Return the first position of a new collection. Raises Refusal."""
        try:
            since = datetime.fromisoformat(query["since"]) if query.get("since") else None
        except ValueError:
            raise Refusal("40002", "since is no instant") from None
        until = state.as_of + timedelta(days=36_500) if fault is Fault.FUTURE else state.as_of
        window, total = self.store.open_window(app_id, since, until)
        total = round(total * SHARES.get(fault, 1.0))
        return Position(window.since, window.until, window.last, state.as_of.isoformat(), total)

    def _write(self, page: Page) -> Reply:
        """Write the page as the contract defines it; the records are JSON already."""
        cursor, as_of = json.dumps(page.next_cursor), json.dumps(page.as_of.isoformat())
        body = (
            f'{{"code": "0", "message": "ok", "data": {{"as_of": {as_of}, "total": {page.total}, '
            f'"records": [{",".join(page.records)}], "next_cursor": {cursor}}}}}'
        )
        return Reply(body=body.encode())


def _read_limit(query: Mapping[str, str]) -> int:
    """Return the number of records asked for. Raises Refusal."""
    limit = number_of(query.get("limit", "")) or 0
    if not 1 <= limit <= LARGEST_PAGE:
        raise Refusal("40001", f"limit must be 1 to {LARGEST_PAGE}")
    return limit


@contextmanager
def running(centre: BigDataCentre, port: int = 0) -> Iterator[str]:
    """Run the centre in this process, on a free port by default. Yield its base URL."""
    ended = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", port), make_handler(centre.answer, ended))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted. Exit 2 if a secret is not in the environment."""
    parser = argparse.ArgumentParser(description="A big-data centre that does not exist, for demos and tests.")
    parser.add_argument("--data", required=True, help="its SQLite file, or a database URL")
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    parser.add_argument(
        "--app", action="append", required=True, metavar="ID=ENV", help="an app, and where its secret is"
    )
    options = parser.parse_args(arguments)
    secrets = {}
    for app in options.app:
        app_id, _, variable = app.partition("=")
        if not os.environ.get(variable):
            parser.error(f"the environment has no {variable!r} with the secret of {app_id!r}")
        secrets[app_id] = os.environ[variable]
    ended = threading.Event()
    centre = BigDataCentre(BigDataStore(options.data), secrets)
    with ThreadingHTTPServer(("127.0.0.1", options.port), make_handler(centre.answer, ended)) as server:
        sys.stdout.write(f"serving on http://127.0.0.1:{server.server_address[1]}/api\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            ended.set()
    return 0


if __name__ == "__main__":
    sys.exit(main())
