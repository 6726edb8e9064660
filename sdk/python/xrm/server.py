"""The plugin's side of the wire: each call of the host goes to the handler of its name."""

import collections
import contextlib
import contextvars
import queue
import threading
from concurrent import futures
from typing import Any, Callable, Dict, Iterator, Optional

from . import errors, events, http, pages
from ._pb import plugin_pb2 as pb
from .describe import Description
from .ears import Ears
from .host import Host
from .plugin import Plugin
from .record import from_wire
from .values import decode, encode, instant
from .wire import HostStub

SDK = "python 1.0.0"
CHECK_EVERY = 10.0

current: "contextvars.ContextVar[Optional[pb.CallContext]]" = contextvars.ContextVar("current", default=None)
"""The call that runs in this thread, for the log."""


class Server:
    """Answers the host for one plugin. Its methods have the names of the contract."""

    def __init__(self, plugin: Plugin, host_gone: Callable[[], None]) -> None:
        self.plugin, self.host_gone = plugin, host_gone
        self.description = Description(plugin, SDK)
        self.stub: "futures.Future[HostStub]" = futures.Future()
        self._ears = Ears()
        self._running, self._idle = collections.Counter(), threading.Condition()

    def Describe(self, request: pb.DescribeRequest, context: Any) -> pb.DescribeResponse:
        return self.description.message

    def Watch(self, request: pb.WatchRequest, context: Any) -> Iterator[pb.Health]:
        """Is the lifeline: when the host ends it, or has gone, the process ends too."""
        gone = threading.Event()

        def end() -> None:
            gone.set()
            self.host_gone()
        if not context.add_callback(end):
            end()
        self.stub.result(5)
        last = pb.Health(state=pb.Health.SERVING)
        yield last
        while not gone.is_set():
            health = self._health()
            if health != last:
                last = health
                yield last
            gone.wait(CHECK_EVERY if self.plugin.health else None)

    def _health(self) -> pb.Health:
        try:
            if self.plugin.health is not None:
                self.plugin.health()
        except Exception as error:
            return pb.Health(state=pb.Health.DEGRADED, reason=str(error) or type(error).__name__)
        return pb.Health(state=pb.Health.SERVING)

    def Configure(self, request: pb.ConfigureRequest, context: Any) -> pb.ConfigureResponse:
        def configure() -> None:
            if self.plugin.config is not None:
                self.plugin.config.set(request.config)
        return pb.ConfigureResponse(error=self._try("Configure", configure))

    def BeforeSave(self, request: pb.BeforeSaveRequest, context: Any) -> pb.BeforeSaveResponse:
        def verdict(change: pb.Change) -> pb.Verdict:
            answer = pb.Verdict()

            def judge(host: Host) -> None:
                kind, rule = _found(self.plugin.save_rules, change.after.entity, "rule for")
                record = from_wire(change.after, kind)
                if change.HasField("before"):
                    record.before = from_wire(change.before, kind)
                rule(host, record)
                answer.patch = record.patch()
            refused = self._run(request.context, context, f"before_save {change.after.entity}", judge)
            return answer if refused is None else pb.Verdict(error=refused)
        return pb.BeforeSaveResponse(verdicts=[verdict(change) for change in request.changes])

    def BeforeDelete(self, request: pb.BeforeDeleteRequest, context: Any) -> pb.BeforeDeleteResponse:
        def verdict(sent: pb.Record) -> pb.Verdict:
            def judge(host: Host) -> None:
                kind, rule = _found(self.plugin.delete_rules, sent.entity, "rule for deletions of")
                rule(host, from_wire(sent, kind))
            return pb.Verdict(error=self._run(request.context, context, f"before_delete {sent.entity}", judge))
        return pb.BeforeDeleteResponse(verdicts=[verdict(sent) for sent in request.records])

    def Migrate(self, request: pb.MigrateRequest, context: Any) -> pb.MigrateResponse:
        since = getattr(request, "from")
        up, (first, last) = request.to > since, sorted((since, request.to))
        steps = sorted((m for m in self.plugin.migrations if first < m.to <= last), key=lambda m: m.to, reverse=not up)

        def verdict(sent: pb.Record) -> pb.Verdict:
            answer = pb.Verdict()

            def migrate(_: Host) -> None:
                record = from_wire(sent, sent.entity)
                for step in steps:
                    if step.entity == sent.entity:
                        run = step.up if up else step.back
                        if run is None:
                            raise ValueError(f"there is no way back from version {step.to} of {sent.entity}")
                        run(record)
                answer.patch = record.patch()
            refused = self._run(request.context, context, f"migrate {sent.entity}", migrate)
            return answer if refused is None else pb.Verdict(error=refused)
        return pb.MigrateResponse(verdicts=[verdict(sent) for sent in request.records])

    def Resolve(self, request: pb.ResolveRequest, context: Any) -> pb.ResolveResponse:
        name, answer = f"{request.entity}.{request.field}", pb.ResolveResponse()

        def resolve(host: Host) -> None:
            f = _found({f"{f.entity}.{f.name}": f for f in self.plugin.fields}, name, "field")
            values = list(f.run(host, [from_wire(parent, f.kind) for parent in request.parents]))
            if len(values) != len(request.parents):
                raise ValueError(f"{name} was resolved to {len(values)} values for {len(request.parents)} parents; return one for each")
            answer.values.extend(encode(value) for value in values)
        refused = self._run(request.context, context, f"resolve {name}", resolve)
        return answer if refused is None else pb.ResolveResponse(error=refused)

    def Call(self, request: pb.CallRequest, context: Any) -> pb.CallResponse:
        answer = pb.CallResponse()

        def operate(host: Host) -> None:
            answer.result = encode(self._operate(host, request))
        refused = self._run(request.context, context, f"call {request.operation}", operate)
        return answer if refused is None else pb.CallResponse(error=refused)

    def Subscribe(self, request: pb.SubscribeRequest, context: Any) -> Iterator[pb.SubscribeResponse]:
        what = f"subscribe {request.operation}"
        with self._counted(request.context, what):
            results = None
            try:
                results = self._operate(self._host(request.context, context), request)
                for result in results:
                    yield pb.SubscribeResponse(result=encode(result))
            except errors.Ended:
                pass
            except Exception as error:
                if context.is_active():
                    yield pb.SubscribeResponse(error=errors.to_wire(what, error))
            finally:
                if hasattr(results, "close"):
                    results.close()

    def _operate(self, host: Host, request: Any) -> Any:
        o = _found({o.name: o for o in self.plugin.operations}, request.operation, "operation")
        return o.run(host, **self.description.signatures[o.name].read(decode(request.arguments) or {}))

    def Deliver(self, request: pb.DeliverRequest, context: Any) -> Iterator[pb.DeliverResponse]:
        waiting = set()  # keys with an event that comes again
        for sent in request.events:
            receipt = pb.Receipt(outcome=pb.Receipt.RETRY, reason="an earlier event of its key comes again")
            if sent.key not in waiting:
                receipt = self._deliver(request.context, context, sent)
                if receipt.outcome == pb.Receipt.RETRY and sent.key:
                    waiting.add(sent.key)
            yield pb.DeliverResponse(receipts=[receipt])

    def _deliver(self, call: pb.CallContext, context: Any, sent: pb.Event) -> pb.Receipt:
        failed: "list[BaseException]" = []

        def handle(host: Host) -> None:
            try:
                self._handle(host, events.event_from_wire(sent))
            except BaseException as error:
                failed.append(error)
                raise
        refused = self._run(call, context, f"handle {sent.topic}", handle)
        if refused is None:
            return pb.Receipt(outcome=pb.Receipt.ACK)
        error = failed[0] if failed else None
        reason = refused.cause or str(error)
        if isinstance(error, errors.DeadLetter):
            return pb.Receipt(outcome=pb.Receipt.DEAD, reason=str(error) or "the plugin has put it aside")
        if isinstance(error, errors.RetryAfter):
            return pb.Receipt(outcome=pb.Receipt.RETRY, reason=str(error), retry_after_ms=int(error.after.total_seconds() * 1000))
        return pb.Receipt(outcome=pb.Receipt.RETRY, reason=reason)

    def _handle(self, host: Host, event: events.Event) -> None:
        """There may be no handler: what an earlier version has subscribed to still comes."""
        parties = self.plugin.party_data
        if parties is not None and not parties.only_records and event.topic == "party.erased":
            parties.erase(host, event.record_id)
        if parties is not None and not parties.only_records and event.topic == "party.merged":
            parties.merge(host, event.record_id, next(c.after for c in event.changes if c.path == "mergedInto"))
        for topic, handle in self.plugin.subscriptions.items():
            if events.topic_fits(topic, event):
                handle(host, event)
                break
        for topic in sorted(self.plugin.timelines):
            if events.topic_fits(topic, event):
                entry = self.plugin.timelines[topic](host, event)
                if entry is not None:
                    host.upsert(entry.record(self.plugin.name, event), "source")
                break

    def RunJob(self, request: pb.RunJobRequest, context: Any) -> Iterator[pb.JobReport]:
        """The job runs in a thread of its own, so that its reports go out at once."""
        reports: "queue.Queue[Optional[pb.JobReport]]" = queue.Queue()

        def work() -> None:
            def job(host: Host) -> None:
                j = _found({j.name: j for j in self.plugin.jobs}, request.job, "job")
                j.run(host, events.JobRun(request.run_id, instant(request.planned_at), lambda done, total, note: reports.put(pb.JobReport(done=done, total=total, note=note))))
            failed = self._run(request.context, context, f"run the job {request.job}", job)
            if failed is not None:
                reports.put(pb.JobReport(error=failed))
            reports.put(None)
        if not context.add_callback(lambda: reports.put(None)):
            return
        threading.Thread(target=work, daemon=True, name=f"job {request.job}").start()
        yield from iter(reports.get, None)

    def RunService(self, request: pb.RunServiceRequest, context: Any) -> Iterator[pb.ServiceReport]:
        """The call is over when it is canceled; what is said before is why the service has ended."""
        def serve(host: Host) -> None:
            s = _found({s.name: s for s in self.plugin.services}, request.service, "service")
            s.run(host)
            raise RuntimeError("the service returned by itself; go on until host.ended is set")
        failed = self._run(request.context, context, service_call(request.service), serve)
        if context.is_active():
            yield pb.ServiceReport(error=failed)

    def FireTimer(self, request: pb.FireTimerRequest, context: Any) -> pb.FireTimerResponse:
        def fire(host: Host) -> None:
            run = _found(self.plugin.timers, request.name, "timer")
            run(host, events.Timer(request.name, request.key, instant(request.due_at), decode(request.payload)))
        return pb.FireTimerResponse(error=self._run(request.context, context, f"fire the timer {request.name}", fire))

    def ServeHTTP(self, requests: Iterator[pb.HTTPRequest], context: Any) -> Iterator[pb.HTTPResponse]:
        head = next(requests).head
        request = http.request_from_wire(head, requests)
        with self._counted(head.context, f"{head.method} {head.target}"):
            endpoint = next((e for e in self.plugin.endpoints if http.fits(e.method, e.path, request)), None)
            try:
                answer = pages.answer(self.plugin.pages, head.target)
                if answer is None:
                    answer = http.Response("404 page not found\n", 404) if endpoint is None else endpoint.run(self._host(head.context, context), request)
                yield from http.response_to_wire(answer)
            except errors.Ended:
                return
            except Exception as error:
                mistake = errors.to_wire(f"answer {head.method} {head.target}", error)
                import grpc

                context.abort(grpc.StatusCode.INTERNAL, f"{mistake.cause or mistake.message}\n{mistake.stack}")

    def Export(self, request: pb.ExportRequest, context: Any) -> pb.ExportResponse:
        answer = pb.ExportResponse()

        def export(host: Host) -> None:
            if self.plugin.party_data is not None and self.plugin.party_data.export is not None:
                data = self.plugin.party_data.export(host, request.party)
                answer.data = b"" if data is None else encode(data)
        refused = self._run(request.context, context, "export", export)
        return answer if refused is None else pb.ExportResponse(error=refused)

    def Hear(self, request: pb.HearRequest, context: Any) -> pb.HearResponse:
        self._ears.hear(request.heard, request.missed)
        return pb.HearResponse()

    def Drain(self, request: pb.DrainRequest, context: Any) -> pb.DrainResponse:
        def stop_waiting() -> None:
            with self._idle:
                self._idle.notify_all()
        context.add_callback(stop_waiting)
        with self._idle:
            self._idle.wait_for(lambda: not self._running or not context.is_active())
        return pb.DrainResponse()

    def wait_idle(self, seconds: float, what: str = "") -> bool:
        """Waits for the end of all calls, or of those to one handler, and says whether they have ended."""
        with self._idle:
            return self._idle.wait_for(lambda: not (self._running[what] if what else self._running), seconds)

    def _host(self, call: pb.CallContext, context: Any) -> Host:
        return Host(self.stub.result(5), call, context, self._ears)

    @contextlib.contextmanager
    def _counted(self, call: pb.CallContext, what: str) -> Iterator[None]:
        """Counts the calls that run, for Drain."""
        with self._idle:
            self._running[what] += 1
        before = current.get()
        current.set(call)
        try:
            yield
        finally:
            current.set(before)
            with self._idle:
                self._running[what] -= 1
                self._running += collections.Counter()  # which leaves out the zeros
                self._idle.notify_all()

    def _run(self, call: pb.CallContext, context: Any, what: str, handler: Callable[[Host], None]) -> Optional[pb.Error]:
        """Calls a handler. What it raises costs this call and not the process."""
        with self._counted(call, what):
            return self._try(what, lambda: handler(self._host(call, context)))

    def _try(self, what: str, do: Callable[[], None]) -> Optional[pb.Error]:
        try:
            do()
            return None
        except (Exception, errors.Ended) as error:
            return errors.to_wire(what, error)


def service_call(name: str) -> str:
    return f"run the service {name}"


def _found(all: Dict[str, Any], name: str, what: str) -> Any:
    if name not in all:
        raise LookupError(f"there is no {what} {name}")
    return all[name]
