"""The outsider's two kinds of sources, written by the contracts alone: a SQLite police database and a small HTTP centre."""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Record = Mapping[str, Any]
SECRET = "between the city and its centre"
FIELDS = [
    "record_id",
    "id_type",
    "id_number",
    "full_name",
    "kind",
    "area",
    "started_on",
    "ended_on",
    "recorded_at",
    "revoked",
    "detail",
]


def write_police_database(path: Path, records: Sequence[Record], *, as_of: datetime) -> str:
    """Write a SQLite file with the two views, under other names than the default ones. Return its URL."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE held ({', '.join(FIELDS)})")
        rows = [[_sqlite(record[name]) for name in FIELDS] for record in records]
        database.executemany(f"INSERT INTO held VALUES ({', '.join('?' * len(FIELDS))})", rows)  # noqa: S608
        database.execute("CREATE VIEW jkm_records AS SELECT * FROM held")
        database.execute("CREATE TABLE clock (as_of)")
        database.execute("INSERT INTO clock VALUES (?)", [as_of.isoformat()])
        database.execute("CREATE VIEW jkm_clock AS SELECT as_of FROM clock")
    return f"sqlite+pysqlite:///{path}"


def _sqlite(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else int(value) if isinstance(value, bool) else value


@contextmanager
def centre(shares: Mapping[str, tuple[Sequence[Record], datetime]]) -> Iterator[str]:
    """Serve each app's records, complete up to its instant. Yield the base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(shares))
    serving = Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/open/v2"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def _handler(shares: Mapping[str, tuple[Sequence[Record], datetime]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            asked = dict(parse_qsl(place.query))
            app = self.headers["X-App-Id"]
            if place.path != "/open/v2/records" or self.headers["X-Sign"] != self._sign(asked):
                return self._answer({"code": "40101", "message": "signature", "data": None})
            records, as_of = shares[app]
            since = datetime.fromisoformat(asked["since"])
            found = [one for one in records if datetime.fromisoformat(one["recorded_at"]) > since]
            first, limit = int(asked.get("cursor", "0")), int(asked["limit"])
            last = first + limit
            page = {
                "as_of": as_of.isoformat(),
                "total": len(found),
                "records": found[first:last],
                "next_cursor": str(last) if last < len(found) else None,
            }
            return self._answer({"code": "0", "message": "ok", "data": page})

        def _sign(self, asked: Mapping[str, str]) -> str:
            signed = {
                **asked,
                "app_id": self.headers["X-App-Id"],
                "timestamp": self.headers["X-Timestamp"],
                "nonce": self.headers["X-Nonce"],
            }
            text = "&".join(f"{name}={value}" for name, value in sorted(signed.items()) if value)
            return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest().upper()

        def _answer(self, told: Mapping[str, Any]) -> None:
            body = json.dumps(told, ensure_ascii=False).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Log nothing."""

    return Handler
