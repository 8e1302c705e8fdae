"""A small client of the portal's API, to begin one's own with: the standard library only, every call signed.

    CITY=chengdu.example.cn APP_ID=17 SECRET=… python api_client.py lines.jsonl

delivers the lines, says what was refused and why, and lists the cases about the provider.
"""

import hashlib
import hmac
import http.client
import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

LINES, JSON = "application/x-ndjson", "application/json"
LINES_A_CALL = 10_000
TRIES = 5


class ProblemError(Exception):
    """A refused call; ``code`` is stable, ``errors`` names the fields to mend."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(f"{told['status']} {told['code']}: {told['detail']}")
        self.code: str = told["code"]
        self.errors: list[dict[str, str]] = told.get("errors", [])


class Client:
    """Speaks for one provider to one city. The key's number and its signing secret are shown when the city issues the key."""

    def __init__(self, city: str, app_id: str, secret: str) -> None:
        self.city, self.app_id, self.secret = city, app_id, secret

    def deliver(self, lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """What became of each line. Lines of a call that got no answer may be sent again: they are duplicates then."""
        for first in range(0, len(lines), LINES_A_CALL):
            some = lines[first : first + LINES_A_CALL]
            body = "\n".join(json.dumps(line, ensure_ascii=False) for line in some).encode()
            yield from self.call("POST", "entries", body=body, content_type=LINES)["lines"]

    def ask(self, service: str, asked: dict[str, Any]) -> Any:
        """One object to a service such as ``status``, ``declarations`` or ``exports``."""
        return self.call("POST", service, body=json.dumps(asked).encode(), content_type=JSON)

    def each(self, service: str, **filters: str) -> Iterator[dict[str, Any]]:
        """All of a list, page by page."""
        cursor = {}
        while True:
            told = self.call("GET", service, query={**filters, **cursor})
            yield from told["items"]
            if told["next_cursor"] is None:
                return
            cursor = {"cursor": told["next_cursor"]}

    def call(
        self,
        method: str,
        service: str,
        *,
        query: dict[str, str] | None = None,
        body: bytes = b"",
        content_type: str = "",
    ) -> Any:
        """The answer. A call that may have been lost, or should wait, is sent again under one ``Idempotency-Key``: it is done once."""
        path, query, once = f"/api/v1/{service}", query or {}, str(uuid.uuid4())
        for left in reversed(range(TRIES)):
            headers = self.signed(method, path, query, body)
            if method == "POST":
                headers |= {"Content-Type": content_type, "Idempotency-Key": once}
            try:
                status, wait, answer = self.send(method, path, query, body, headers)
            except OSError:
                if not left:
                    raise
                time.sleep(TRIES - left)
                continue
            if status in (429, 503) and left:
                time.sleep(wait)
                continue
            told = json.loads(answer)
            if status >= 400:
                raise ProblemError(told)
            return told
        raise AssertionError("the last try returns or raises")

    def signed(self, method: str, path: str, query: dict[str, str], body: bytes) -> dict[str, str]:
        """The headers that stand for the key, which itself is never sent. Each call has a nonce of its own."""
        timestamp, nonce = str(int(time.time())), uuid.uuid4().hex
        fields = {
            **query,
            "app_id": self.app_id,
            "body_sha256": hashlib.sha256(body).hexdigest(),
            "method": method,
            "nonce": nonce,
            "path": path,
            "timestamp": timestamp,
        }
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name])
        mark = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()
        return {"X-App-Id": self.app_id, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Sign": mark}

    def send(
        self, method: str, path: str, query: dict[str, str], body: bytes, headers: dict[str, str]
    ) -> tuple[int, int, bytes]:
        """Status, seconds to wait before the next try, and body."""
        address = path + "".join(
            f"{'&' if place else '?'}{name}={quote(value, safe='')}"
            for place, (name, value) in enumerate(query.items())
        )
        connection = self.connect()
        try:
            connection.request(method, address, body if method == "POST" else None, {"Host": self.city, **headers})
            response = connection.getresponse()
            return response.status, int(response.headers.get("Retry-After", "1")), response.read()
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPSConnection(self.city, timeout=30)


def main() -> int:
    """Deliver a file and list cases; 4 when lines were refused, as ``import_entries`` has it."""
    client = Client(os.environ["CITY"], os.environ["APP_ID"], os.environ["SECRET"])
    lines = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines() if line.strip()]
    refused = [one for one in client.deliver(lines) if one["result"] == "refused"]
    for one in refused:
        print(f"line {one['line']}: {one['reason']} {one.get('field', '')} {one['message']['en']}")
    for case in client.each("cases"):
        print(case["number"], case["state"], case["due_at"])
    return 4 if refused else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ProblemError as problem:
        sys.exit(str(problem))
