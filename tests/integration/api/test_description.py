"""Whatever is sent to the API, the answer conforms to its OpenAPI document (schemathesis)."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import QueryDict
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from codes.intake.provider_keys import LIFETIME, issue_key, signing_secret
from codes.models import Scope
from regions.sources.connectors.big_data_centre import sign
from tests.integration.api.test_corrections import ASKED, desk
from tests.integration.cities.test_recognition import NUMBER
from tests.integration.gates.people import key_of_machine
from tests.integration.lines import check_in, declaration
from tests.integration.review.desk import Desk

__all__ = ["desk"]
CHECKS: Any = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Good lines with something else in one place, whole other objects, and noise."""
    line: dict[str, Any] = draw(st.sampled_from([declaration(), check_in()]))
    key = draw(st.sampled_from(sorted(line)))
    spoilt = draw(st.just(line) | JSON.map(lambda value: {**line, key: value}) | JSON)
    return draw(st.just(json.dumps(spoilt).encode()) | st.binary(max_size=40))


BODIES = st.lists(lines(), max_size=4).map(b"\n".join)
schemathesis.openapi.media_type("application/x-ndjson", BODIES)
# Of every kind of key: none, another city's, one that has ended, one without any scope, one with every scope, one that signs.
KINDS = ("none", "elsewhere", "ended", "useless", "able", "signed")
# A gate's opens one address only.
GATE = {"/api/v1/verifications": ["gate", "gate"]}
# Whose keys open one service each.
SCOPES = [scope.value for scope in Scope]
# Chance alone seldom names somebody who is known, or a rule that holds them.
SOUND = {"POST /api/v1/calls": {"id_type": "10", "id_number": NUMBER}, "POST /api/v1/corrections": ASKED}
CASES_OF_AN_ADDRESS = 20


@pytest.fixture
def keys(desk: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A key of each kind of a provider with which somebody is red, so that a call and a correction can be right."""
    monkeypatch.setattr("codes.intake.provider_keys.CALLS_PER_WINDOW", 10**9)
    monkeypatch.setattr("codes.intake.provider_keys.MOST_IN_FORCE", 10**9)
    issued = {"none": "none"}
    issued["ended"] = issue_key(provider="wechat", by="operator:lin", now=now - 2 * LIFETIME, scopes=list(Scope))[1]
    issued["useless"] = issue_key(provider="wechat", by="operator:lin", now=timezone.now(), scopes=[])[1]
    issued["able"] = issue_key(provider="wechat", by="operator:lin", now=timezone.now(), scopes=list(Scope))[1]
    issued["elsewhere"], issued["signed"] = issued["able"], "signed"
    for scope in SCOPES:
        issued[scope] = issue_key(provider="wechat", by="operator:lin", now=timezone.now(), scopes=[scope])[1]
    issued["gate"] = key_of_machine(now=timezone.now())[1]
    return issued


class Signing:
    """Signs calls on their way that say so, with a key of every scope."""

    def __init__(self, application: Any) -> None:
        self.application, self.nonces = application, count()
        key, _ = issue_key(provider="wechat", by="operator:lin", now=timezone.now(), scopes=list(Scope))
        self.app_id, self.secret = str(key.pk), signing_secret(key)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("HTTP_AUTHORIZATION") == "Bearer signed":
            self.sign(environ)
        return self.application(environ, start_response)

    def sign(self, environ: dict[str, Any]) -> None:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        named = {
            "app_id": self.app_id,
            "nonce": f"n-{next(self.nonces)}",
            "timestamp": str(int(timezone.now().timestamp())),
        }
        fields = {
            **QueryDict(environ.get("QUERY_STRING", "")).dict(),
            **named,
            "body_sha256": hashlib.sha256(body if environ["REQUEST_METHOD"] == "POST" else b"").hexdigest(),
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        }
        environ |= {f"HTTP_X_{name.upper()}": value for name, value in named.items()}
        environ["HTTP_X_SIGN"] = sign(self.secret, fields)


def test_every_answer_is_described(
    keys: dict[str, str], one_connection: None, record_property: Callable[[str, object], None]
) -> None:
    application = Signing(get_wsgi_application())
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema", application, headers={"Host": "alpha.localhost"})
    answered: Counter[tuple[str, int]] = Counter()
    for operation in schema.get_all_operations():
        whole: Any = operation.ok()  # type: ignore[union-attr]  # a document with a fault has no operations
        kinds = [*KINDS, "able", "able", "signed", *GATE.get(whole.path, [])]

        def answers(case: Any, kind: str) -> Any:
            host = "beta.localhost" if kind == "elsewhere" else "alpha.localhost"
            case.headers = {**(case.headers or {}), "Host": host, "Authorization": f"Bearer {keys[kind]}"}
            response = case.call()
            # What is made up in an address may be no address at all, whoever asks.
            if not ("{" in case.operation.path and response.status_code == 404):
                answered[kind, response.status_code] += 1
            case.validate_response(response, checks=CHECKS)
            return response

        @settings(max_examples=CASES_OF_AN_ADDRESS, suppress_health_check=list(HealthCheck))
        @given(case=whole.as_strategy(), kind=st.sampled_from(kinds))
        def answers_whatever(case: Any, kind: str) -> None:
            answers(case, kind)

        answers_whatever()
        if body := SOUND.get(whole.label):
            sound = answers(whole.Case(body=body, media_type="application/json"), "able")
            assert sound.status_code == 201, sound.content
    # What was filed is listed, as the description says.
    carried = {"Host": "alpha.localhost", "Authorization": f"Bearer {keys['able']}"}
    filed = schema["/api/v1/corrections"]["GET"].Case(headers=carried).call_and_validate(checks=CHECKS)
    assert filed.json()["items"], filed.content
    for kind, wanted in (("none", {401}), ("elsewhere", {401}), ("ended", {401})):
        assert {status for name, status in answered if name == kind} == wanted
    assert ("able", 200) in answered
    assert 403 in {status for name, status in answered if name == "useless"}
    assert ("gate", 200) in answered
    let_in = {status for name, status in answered if name == "signed"}
    assert let_in & {200, 201, 202}
    assert 401 not in let_in
    record_property("figure", f"{sum(answered.values())} calls, each answered as the document says, none with 5xx")


def test_a_key_of_one_scope_opens_its_service_and_no_other(keys: dict[str, str], one_connection: None) -> None:
    """A gate's key likewise; the scopes that open an address are told by who is let in."""
    schema = schemathesis.openapi.from_wsgi(
        "/api/v1/schema", get_wsgi_application(), headers={"Host": "alpha.localhost"}
    )
    for operation in schema.get_all_operations():
        whole: Any = operation.ok()  # type: ignore[union-attr]
        let_in = set()
        for kind in (*SCOPES, "gate"):
            parts = {"name": "none", "webhook_id": 1} if "{" in whole.path else {}
            named = {name: value for name, value in parts.items() if f"{{{name}}}" in whole.path}
            case = whole.Case(
                path_parameters=named, headers={"Host": "alpha.localhost", "Authorization": f"Bearer {keys[kind]}"}
            )
            if whole.method == "post":
                case.body, case.media_type = b"{}", "application/json"
            response = case.call()
            case.validate_response(response, checks=CHECKS)
            if response.status_code != 403:
                let_in.add(kind)
        service = whole.path.split("/")[3]
        assert let_in == {service, "gate"} if service == "verifications" else {service}, whole.label


def test_the_document_is_without_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "document.yaml"
    call_command("spectacular", "--fail-on-warn", "--file", str(file))
    assert file.read_text(encoding="utf-8").startswith("openapi: 3.1.")
