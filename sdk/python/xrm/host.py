"""What a handler may ask of the host."""

import datetime
import json
import logging
import threading
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import grpc

from . import connection, files, record as records, writes
from ._pb import plugin_pb2 as pb
from .ears import Ear, Ears
from .errors import Ended, check
from .record import Kind, Record, entity_of
from .values import ID, decode, encode, instant, rfc3339
from .wire import HostStub
from .writes import Filter, Write

FOREVER = 366 * 24 * 3600.0

ANY_VERSION = -1
"""Over whatever version there is, in put_state and delete_state."""


@dataclass(frozen=True)
class User:
    """Is a person or a program with a key."""

    id: str
    name: str = ""
    roles: Tuple[str, ...] = ()
    party: str = ""


@dataclass(frozen=True)
class Page:
    """Is a part of what matches. next is for after, and empty where there is no more;
    it holds for days, and may go to a client."""

    records: List[Any]
    next: str


@dataclass(frozen=True)
class Mail:
    """Is which record of the entity mail a mail is. state is queued, or what became of
    the mail with the key that was sent before."""

    id: str
    state: str


@dataclass(frozen=True)
class Measure:
    """Is one number about each group. sum_of, avg_of, min_of and max_of make it."""

    function: int
    field: str


def sum_of(field: str) -> Measure:
    """Adds up the values of a field, "lines.quantity", or of a part, "total.amount"."""
    return Measure(pb.Measure.SUM, field)


def avg_of(field: str) -> Measure:
    """Is the average, rounded half to even."""
    return Measure(pb.Measure.AVG, field)


def min_of(field: str) -> Measure:
    return Measure(pb.Measure.MIN, field)


def max_of(field: str) -> Measure:
    return Measure(pb.Measure.MAX, field)


@dataclass(frozen=True)
class Group:
    """Is the records that have the same values in the fields of by. keys and values
    are canonical, in the order of by and measures; None for no value."""

    keys: List[Any]
    count: int
    values: List[Any]

    def decimal(self, measure: int = 0) -> Decimal:
        return Decimal(self.values[measure] or 0)


class Host:
    """Lives as long as the call that it came with, acts with the rights that both the
    user who caused the call and the plugin have, and may be used by several threads.
    What is refused is raised as an Error; after the end of the call it is Ended."""

    def __init__(self, stub: HostStub, context: pb.CallContext, call: Any, ears: Ears) -> None:
        self._stub, self._context, self._call, self._ears = stub, context, call, ears
        self.ended = threading.Event()
        """Set when the call has ended: the user has gone, an administrator has canceled
        the job, or xrm stops. What lasts looks at it, or waits with sleep."""
        if not call.add_callback(self.ended.set):
            self.ended.set()

    # What is read.

    def get(self, kind: Kind, id: str) -> Any:
        """Reads one record, of the class of an entity or by the name of one."""
        answer = self._ask("Get", pb.GetRequest(entity=entity_of(kind), id=id))
        return records.from_wire(check(answer).record, kind)

    def find(self, kind: Kind, filter: Optional[Filter] = None, *, search: str = "", order_by: Union[str, Iterable[str]] = (), after: str = "", limit: int = 0) -> List[Any]:
        """Reads the records that match, page by page until limit; "-createdAt" is descending."""
        found: List[Any] = []
        while True:
            page = self.find_page(kind, filter, search=search, order_by=order_by, after=after, limit=max(0, limit - len(found)))
            found += page.records
            after = page.next
            if not after or 0 < limit <= len(found):
                return found

    def find_page(self, kind: Kind, filter: Optional[Filter] = None, *, search: str = "", order_by: Union[str, Iterable[str]] = (), after: str = "", limit: int = 0) -> Page:
        """Reads some of the records that match, and says where those behind them begin."""
        answer = check(self._ask("Find", _find(kind, filter, search, order_by, after, limit)))
        return Page([records.from_wire(r, kind) for r in answer.records], answer.next)

    def each(self, kind: Kind, filter: Optional[Filter] = None, *, search: str = "", order_by: Union[str, Iterable[str]] = (), limit: int = 0) -> Iterator[Any]:
        """Reads the records that match one after the other, however many, in one stream."""
        request = _find(kind, filter, search, order_by, "", limit)
        for page in self._stream("Each", request):
            for r in check(page).records:
                yield records.from_wire(r, kind)

    def aggregate(self, kind: Kind, filter: Optional[Filter] = None, *, by: Union[str, Iterable[str]] = (), measures: Iterable[Measure] = (), items: str = "") -> List[Group]:
        """Counts and sums up the records that match, or the items of a list of theirs,
        without reading them. The groups are sorted by their keys."""
        request = pb.AggregateRequest(
            entity=entity_of(kind), filter=b"" if filter is None else encode(filter), by=[by] if isinstance(by, str) else by, items=items,
            measures=[pb.Measure(function=m.function, field=m.field) for m in measures])
        return [Group([decode(k) for k in g.keys], g.count, [decode(v) for v in g.values]) for g in check(self._ask("Aggregate", request)).groups]

    # What is written.

    def create(self, record: Any) -> Any:
        return self._save(writes.create(record), type(record))

    def update(self, record: Any) -> Any:
        return self._save(writes.update(record), type(record))

    def upsert(self, record: Any, by: str) -> Any:
        return self._save(writes.upsert(record, by), type(record))

    def update_if(self, kind: Kind, id: str, guard: Optional[Filter], *, set: Optional[Mapping[str, Any]] = None, add: Optional[Mapping[str, Any]] = None) -> Any:
        return self._save(writes.update_if(kind, id, guard, set=set, add=add), kind)

    def transition(self, kind: Kind, id: str, to: str, from_: Union[str, Iterable[str]] = ()) -> Any:
        return self._save(writes.transition(kind, id, to, from_), kind)

    create.__doc__, update.__doc__, upsert.__doc__ = writes.create.__doc__, writes.update.__doc__, writes.upsert.__doc__
    update_if.__doc__, transition.__doc__ = writes.update_if.__doc__, writes.transition.__doc__

    def batch(self, all: Iterable[Write], *, key: str = "") -> List[Record]:
        """Makes several writes of any entities, all of them or none, and returns the
        records as stored, in order. Of all batches with one key one is made: give
        host.idempotency_key in a mutation, and the id of an event."""
        answer = check(self._ask("Batch", pb.BatchRequest(key=key, writes=all)))
        return [records.from_wire(r) for r in answer.records]

    def delete(self, kind: Kind, id: str, *, if_version: int = 0) -> None:
        """Deletes a record, softly."""
        check(self._ask("Delete", pb.DeleteRequest(entity=entity_of(kind), id=id, if_version=if_version)))

    # What is told and kept.

    def publish(self, name: str, payload: Any, *, key: str = "") -> None:
        """Tells an event to all who subscribe to PLUGIN.NAME, durably. Events of one key
        come in order."""
        check(self._ask("Publish", pb.PublishRequest(name=name, key=key, payload=encode(payload))))

    def send_mail(self, key: str, to: Union[str, Sequence[str]], *, template: str = "", values: Optional[Mapping[str, Any]] = None, language: str = "",
                  subject: str = "", text: str = "", html: str = "", cc: Sequence[str] = (), bcc: Sequence[str] = (), party: str = "",
                  reply_to: str = "", in_reply_to: str = "", by_hand: bool = False) -> Mail:
        """Queues a mail at the mail server of the site, of a template of the plugin or with
        a subject and a text. Of all mails with one key one is sent."""
        answer = check(self._ask("SendMail", pb.SendMailRequest(
            key=key, to=[to] if isinstance(to, str) else to, cc=cc, bcc=bcc, template=template, language=language, values=encode(values or {}),
            subject=subject, text=text, html=html, party=party, reply_to=reply_to, in_reply_to=in_reply_to, by_hand=by_hand)))
        return Mail(answer.id, answer.state)

    def open_file(self, kind: Kind, id: str, file: str) -> files.OpenFile:
        """Reads a file that a record has in a field of type file, as a stream; file is its
        id there. NotFound for who may not read that field."""
        return files.OpenFile(self._stream("ReadFile", pb.ReadFileRequest(entity=entity_of(kind), record=id, file=file)))

    def upload_file(self, name: str, content: Union[bytes, BinaryIO]) -> files.File:
        """Keeps a file, read as a stream, whose id goes into a field of type file of a
        record that is saved by the same user, or as_plugin. What no record has taken is
        gone after a day."""
        broken: "list[BaseException]" = []  # gRPC says of what it reads no more than that it broke

        def sent() -> Iterator[pb.WriteFileRequest]:
            try:
                yield from files.parts(pb.WriteFileHead(context=self._context, name=name), content)
            except BaseException as error:
                broken.append(error)
                raise

        try:
            return files.said(check(self._finish("WriteFile", sent())).file)
        except ConnectionError:
            if broken:
                raise broken[0]
            raise

    def broadcast(self, topic: str, value: Any) -> None:
        """Tells a value to all who listen to a topic of this plugin at the moment, on
        whatever instance of xrm."""
        check(self._ask("Broadcast", pb.BroadcastRequest(topic=topic, value=encode(value))))

    def listen(self, topic: str) -> Ear:
        """Hears what is broadcast on a topic after it has returned: for value in
        host.listen("room/17"). So who listens first and reads then misses nothing."""
        ear = self._ears.open(topic)  # before the host knows, so that nothing comes too early
        if not self._call.add_callback(ear.close):
            ear.close()
        try:
            check(self._ask("Listen", pb.ListenRequest(topic=topic)))
        except BaseException:
            ear.close()
            raise
        return ear

    def schedule(self, name: str, key: str, due_at: datetime.datetime, payload: Any = None) -> None:
        """Sets a timer, or moves the one of that name and key."""
        check(self._ask("Schedule", pb.ScheduleRequest(name=name, key=key, due_at=rfc3339(due_at), payload=b"" if payload is None else encode(payload))))

    def cancel(self, name: str, key: str) -> bool:
        """Removes a timer, and says whether there was one."""
        return check(self._ask("Cancel", pb.CancelRequest(name=name, key=key))).canceled

    def state(self, key: str) -> Tuple[Any, int]:
        """Reads a value that the plugin has kept, and its version: None and 0 for none."""
        answer = check(self._ask("GetState", pb.GetStateRequest(key=key)))
        return decode(answer.value) if answer.version else None, answer.version

    def put_state(self, key: str, value: Any, *, if_version: int = ANY_VERSION, expires: Optional[datetime.timedelta] = None) -> int:
        """Keeps a value for this plugin alone, over the version given, 0 for where there
        is none; Conflict otherwise. It returns the new version."""
        after = 0 if expires is None else int(expires / datetime.timedelta(milliseconds=1))
        return check(self._ask("PutState", pb.PutStateRequest(key=key, value=encode(value), if_version=if_version, expires_after_ms=after))).version

    def delete_state(self, key: str, *, if_version: int = ANY_VERSION) -> None:
        check(self._ask("DeleteState", pb.DeleteStateRequest(key=key, if_version=if_version)))

    # What is asked of others.

    def due_after(self, calendar: str, start: datetime.datetime, work: datetime.timedelta) -> datetime.datetime:
        """Is the instant at which so much working time has passed, by a calendar of the site."""
        request = pb.WorkTimeRequest(milliseconds=int(work / datetime.timedelta(milliseconds=1)))
        return instant(self._work_time(calendar, start, request).at)

    def work_time(self, calendar: str, start: datetime.datetime, end: datetime.datetime) -> datetime.timedelta:
        """Is how much working time lies between two instants; less than 0 if end is earlier."""
        return datetime.timedelta(milliseconds=self._work_time(calendar, start, pb.WorkTimeRequest(to=rfc3339(end))).milliseconds)

    def next_open(self, calendar: str, at: datetime.datetime) -> datetime.datetime:
        """Is the first instant from this one on that is working time."""
        return instant(self._work_time(calendar, at, pb.WorkTimeRequest()).at)

    def call(self, operation: str, /, **arguments: Any) -> Any:
        """Carries out a query or mutation of another plugin, by its name in the API; a
        record in the result is its id."""
        return decode(check(self._ask("Call", pb.CallRequest(operation=operation, arguments=encode(arguments)))).result)

    def fetch(self, method: str, url: str, *, headers: Mapping[str, str] = {}, body: bytes = b"") -> "connection.Answer":
        """Sends an HTTP request to a host that needs.connections of plugin.yaml covers.
        Redirects are not followed."""
        head = pb.HTTPRequestHead(context=self._context, method=method, target=url, headers=[pb.HTTPHeader(name=n, value=v) for n, v in headers.items()])
        return connection.fetch(self._stream("Fetch", connection.parts(head, body)))

    def dial(self, name: str) -> Any:
        """Opens the TCP connection of that name in needs.connections, as a socket, which
        ends with the call. For TLS, wrap it with ssl."""
        return connection.dial(self, pb.DialTo(context=self._context, name=name))

    def secret(self, name: str) -> str:
        """Reads a secret that plugin.yaml names. What the plugin prints is cleared of it."""
        return check(self._ask("Secret", pb.SecretRequest(name=name))).value

    # The call itself.

    def log(self, level: int, message: str, **details: Any) -> None:
        """Writes to the log of the host, as the module logging does in a plugin."""
        send_log(self._stub, self._context, level, message, details)

    def sleep(self, seconds: float) -> None:
        """Waits, and raises Ended as soon as the call has ended."""
        if self.ended.wait(seconds):
            raise Ended

    @property
    def idempotency_key(self) -> str:
        """Is the same at every attempt of one request, in a mutation; a key for batch.
        Empty where the user gave none."""
        return self._context.idempotency_key

    @property
    def user(self) -> Optional[User]:
        """Is who caused the call; None for nobody: events, jobs, timers, HTTP."""
        if not self._context.HasField("user"):
            return None
        u = self._context.user
        return User(u.id, u.name, tuple(u.roles), u.party)

    @property
    def as_plugin(self) -> "Host":
        """Is the host with the rights of the plugin alone, whatever the user may do."""
        context = pb.CallContext()
        context.CopyFrom(self._context)
        context.as_plugin = True
        return Host(self._stub, context, self._call, self._ears)

    @property
    def now(self) -> datetime.datetime:
        """Is the time, in UTC; in a test that of its clock."""
        return instant(self._context.now) or datetime.datetime.now(datetime.timezone.utc)

    def _save(self, write: Write, kind: Any) -> Any:
        return records.from_wire(check(self._ask("Save", write)).record, kind)

    def _work_time(self, calendar: str, start: datetime.datetime, request: pb.WorkTimeRequest) -> pb.WorkTimeResponse:
        request.calendar = calendar
        setattr(request, "from", rfc3339(start))
        return check(self._ask("WorkTime", request))

    def _ask(self, method: str, request: Any) -> Any:
        """Calls the host, no longer than the call itself lasts."""
        request.context.CopyFrom(self._context)
        return self._finish(method, request)

    def _finish(self, method: str, request: Any) -> Any:
        asked = getattr(self._stub, method).future(request, timeout=self._time())
        if not self._call.add_callback(asked.cancel):
            asked.cancel()  # the call has ended already
        try:
            return asked.result()
        except (grpc.RpcError, grpc.FutureCancelledError) as broken:
            raise self._broken(method, broken) from None

    def _time(self) -> Optional[float]:
        """Is what is left of the call; gRPC says so of one without an end in years."""
        left = self._call.time_remaining()
        return None if left is None or left > FOREVER else left

    def _stream(self, method: str, request: Any) -> Iterator[Any]:
        if hasattr(request, "context"):
            request.context.CopyFrom(self._context)
        answers = getattr(self._stub, method)(request, timeout=self._time())
        if not self._call.add_callback(answers.cancel):
            answers.cancel()
        try:
            yield from answers
        except grpc.RpcError as broken:
            raise self._broken(method, broken) from None
        finally:
            answers.cancel()  # when the reader has seen enough

    def _broken(self, method: str, broken: Any) -> BaseException:
        if self.ended.is_set() or not self._call.is_active():
            return Ended()
        code = getattr(broken, "code", lambda: broken)()
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return Ended()
        return ConnectionError(f"{method} at the host: {getattr(broken, 'details', lambda: broken)()}")


def _find(kind: Kind, filter: Optional[Filter], search: str, order_by: Union[str, Iterable[str]], after: str, limit: int) -> pb.FindRequest:
    return pb.FindRequest(
        entity=entity_of(kind), filter=b"" if filter is None else encode(filter), search=search, after=after, limit=limit,
        order_by=[pb.OrderBy(field=f.lstrip("-"), descending=f.startswith("-")) for f in ([order_by] if isinstance(order_by, str) else order_by)])


def send_log(stub: HostStub, context: Optional[pb.CallContext], level: int, message: str, details: Mapping[str, Any]) -> None:
    """It never fails: what cannot be sent goes to standard error, which the host logs too."""
    said = {name: value if isinstance(value, (bool, int)) or value is None else str(value) for name, value in details.items()}
    try:
        # The levels of logging are ten apart from INFO, those of the wire four.
        stub.Log(pb.LogRequest(context=context, level=(level - logging.INFO) * 4 // 10, message=message, attributes=json.dumps(said).encode() if said else b""), timeout=1)
    except grpc.RpcError:
        import sys

        print(logging.getLevelName(level), message, said or "", file=sys.stderr, flush=True)


def ids(records: Sequence[Record]) -> List[ID]:
    """Is for a filter: {"in": ids(customers)}."""
    return [r.id for r in records]


def group_by(records: Iterable[Record], field: str, parents: Sequence[Record]) -> List[List[Record]]:
    """Deals out records to those that they refer to by a field: one list for each
    parent. It is what a computed field returns after one find for all parents."""
    groups: "dict[str, List[Record]]" = {parent.id: [] for parent in parents}
    for r in records:
        groups.get(r[field], []).append(r)
    return [groups[parent.id] for parent in parents]
