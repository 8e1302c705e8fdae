"""The OpenTelemetry trace of a run: one trace for all its processes, without personal data."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from codes.models import Run
from portal.observability.traces import RunTraces, ids_of
from tests.architecture.source import CHECKOUT
from tests.architecture.test_machinery import PRODUCTION
from tests.integration.runs.conftest import Filled
from tests.integration.runs.test_workers import broker, waiting, workers  # noqa: F401 - fixtures
from tests.integration.runs.workers import Workers


@pytest.fixture
def kept() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(kept: InMemorySpanExporter) -> RunTraces:
    """Lets go of its signals with the test, as they refer to it weakly."""
    made = RunTraces(SimpleSpanProcessor(kept))
    made.listen()
    return made


def test_a_run_is_one_trace(filled: Filled, traces: RunTraces, kept: InMemorySpanExporter) -> None:
    run = filled.finish_here(filled.start())
    spans = kept.get_finished_spans()
    [root] = [span for span in spans if span.name == "run"]
    assert root.context
    assert (root.context.trace_id, root.context.span_id) == ids_of("beta", run)
    assert {span.context.trace_id for span in spans if span.context} == {root.context.trace_id}
    assert {span.parent.span_id for span in spans if span.parent} == {root.context.span_id}
    names = [span.name for span in spans]
    assert names.count("partition") == run.partitions.count() > 4
    assert (names.count("collecting"), names.count("settling"), names[-1]) == (1, 1, "run")
    told = {key for span in spans for key in span.attributes or {}}
    assert told == {"city", "run", "partition", "day", "sequence", "state"}
    assert (root.attributes or {})["state"] == run.state


def test_a_fault_of_tracing_is_none_of_the_run(
    filled: Filled, traces: RunTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError

    monkeypatch.setattr(traces._tracer, "start_span", fail)
    assert filled.finish_here(filled.start()).state in Run.SETTLED


class Collected(ThreadingHTTPServer):
    """A collector of OpenTelemetry, as far as spans need one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.spans: list[Span] = []


class Receiver(BaseHTTPRequestHandler):
    server: Collected

    def do_POST(self) -> None:
        told = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.spans += [span for one in told.resource_spans for scope in one.scope_spans for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def collector() -> Iterator[Collected]:
    with Collected() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_real_workers_add_to_one_trace(
    committed: Filled,
    workers: Workers,  # noqa: F811
    waiting: Run,  # noqa: F811
    collector: Collected,
) -> None:
    workers.patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
    workers.start(afresh=True)
    workers.enqueue("codes.advance_run", committed.schema, waiting.pk)
    run = workers.follow(waiting)
    assert workers.process
    workers.process.terminate()
    workers.process.wait(timeout=60)
    trace_id, root = ids_of(committed.schema, run)
    assert {int.from_bytes(span.trace_id) for span in collector.spans} == {trace_id}
    names = [span.name for span in collector.spans]
    assert sorted(names) == sorted(["run", "settling", *["partition"] * run.partitions.count()])
    [own] = [span for span in collector.spans if span.name == "run"]
    assert int.from_bytes(own.span_id) == root
    assert datetime.fromtimestamp(own.start_time_unix_nano // 10**9, UTC) == run.started_at.replace(microsecond=0)


LOADED = """
import sys, django
django.setup()
import portal.wsgi
print(sorted({name.partition(".")[0] for name in sys.modules} & {"opentelemetry", "prometheus_client", "google"}))
"""


def test_without_its_variable_nothing_of_it_is_loaded() -> None:
    """Nor of the metrics; what is not used costs no start."""
    told = {**PRODUCTION, "ALLOWED_HOSTS": "localhost", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=CHECKOUT, env=told, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == "[]\n", done.stderr
