"""A host for tests of a plugin, without a server.

    class Redeeming(unittest.TestCase):
        def setUp(self):
            self.host = xrm.testing.start(self, plugin)

The plugin runs in the process of the test, where a debugger finds it. The host is that
which plugins in Go are tested with: it knows the shipped entities and those of the
plugin, and refuses in the words of a server. It is part of the program xrm, which the
variable XRM_BIN names, or PATH has; `xrm plugin test` sets it."""

import base64
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
from concurrent import futures
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Union

import grpc

from . import errors, wire
from .connection import Answer
from .files import File
from .host import User
from .http import Response
from .plugin import Plugin
from .record import Kind, Record, entity_of
from .server import Server, service_call
from .values import ID, canonical, encode, instant, read

OVER = "the host has ended; what it printed says why"
HANDOVER = 2.0
"""Seconds after the end of its lease in which another instance begins a service."""

__all__ = ["Rehearsal", "start"]


class Failed(AssertionError):
    """Says what is wrong with the test, such as a name that does not exist."""


def start(test: Any, plugin: Plugin, *entities: Union[str, pathlib.Path]) -> "Rehearsal":
    """Runs a plugin until a unittest.TestCase ends, or with pytest until `with
    xrm.testing.Rehearsal(plugin) as host` ends. entities are folders with those of other
    plugins that this one needs. Without an xrm the test is skipped."""
    if find_xrm() is None:
        test.skipTest("there is no xrm to be the host of the plugin: put it into PATH, or let XRM_BIN name it")
    host = Rehearsal(plugin, *entities)
    host.__enter__()
    test.addCleanup(host.close)
    return host


def find_xrm() -> Optional[str]:
    return os.environ.get("XRM_BIN") or shutil.which("xrm")


class Rehearsal:
    """Is the other side of a plugin under test. What a user would be refused is raised as
    an Error of xrm; what is wrong with the test itself fails it."""

    def __init__(self, plugin: Plugin, *entities: Union[str, pathlib.Path]) -> None:
        self.plugin, self._entities = plugin, [str(pathlib.Path(folder).resolve()) for folder in entities]
        self.log: List[str] = []
        """What the host has to say about what it does."""
        self._waiting: Dict[int, "futures.Future[Any]"] = {}
        self._answers: Dict["tuple[str, str]", Callable[[Any], Any]] = {}
        self._lock, self._last, self._over = threading.Lock(), 0, False
        self._close = contextlib.ExitStack()

    def __enter__(self) -> "Rehearsal":
        program = find_xrm()
        if program is None:
            raise Failed("there is no xrm to be the host of the plugin: put it into PATH, or let XRM_BIN name it")
        try:
            self._open(program)
        except BaseException:
            self._close.close()
            raise
        return self

    def _open(self, program: str) -> None:
        folder = self._close.enter_context(tempfile.TemporaryDirectory(prefix="xrm"))
        ours, theirs = os.path.join(folder, "plugin"), os.path.join(folder, "host")
        server = self._server = Server(self.plugin, lambda: None)
        listener = grpc.server(futures.ThreadPoolExecutor(200), options=wire.OPTIONS)
        listener.add_generic_rpc_handlers((wire.handlers(wire.plugin_pb2, "Plugin", server),))
        listener.add_insecure_port("unix:" + ours)
        listener.start()
        self._close.callback(lambda: listener.stop(0).wait())
        channel = self._close.enter_context(grpc.insecure_channel("unix:" + theirs, wire.OPTIONS))
        server.stub.set_result(wire.HostStub(channel))
        beside = self.plugin.entities.parent if self.plugin.entities else pathlib.Path.cwd()
        self._process = subprocess.Popen([program, "plugin", "rehearse"], cwd=beside, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._close.callback(self._end)
        opened = self._waiting[0] = futures.Future()
        self._send({"plugin": ours, "host": theirs, "entities": self._entities})
        threading.Thread(target=self._read, daemon=True).start()
        opened.result()

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        self._close.close()

    # Records, as if they had always been there, and as they are now.

    def add(self, kind: Kind, values: Optional[Mapping[str, Any]] = None, /, **fields: Any) -> Any:
        """Stores a record without asking the rules of the plugin, and tells nobody."""
        record = _made(kind, values, fields)
        return _record(kind, self._ask("add", entity=record.entity, values=record.values))

    def get(self, kind: Kind, id: str) -> Any:
        return _record(kind, self._ask("get", entity=entity_of(kind), id=id))

    def find(self, kind: Kind, filter: Optional[Mapping[str, Any]] = None) -> List[Any]:
        return [_record(kind, r) for r in self._ask("find", entity=entity_of(kind), filter=filter)]

    # What a user does: an administrator, unless act_as says who.

    def save(self, record: Record) -> Any:
        """Creates the record, or updates the one with its id; None clears a field."""
        saved = self._ask("save", entity=record.entity, id=record.id, version=record.version, values=record.values)
        return _record(type(record) if type(record) is not Record else record.entity, saved)

    def delete(self, kind: Kind, id: str) -> None:
        self._ask("delete", entity=entity_of(kind), id=id)

    def call(self, operation: str, /, *, idempotency_key: str = "", **arguments: Any) -> Any:
        """Carries out a query or mutation, with its arguments as in the API. A record in
        the result is its id. With a key the plugin is asked once."""
        return self._ask("call", operation=operation, key=idempotency_key, arguments=arguments)

    def resolve(self, kind: Kind, field: str, parents: Sequence[Record]) -> List[Any]:
        return self._ask("resolve", entity=entity_of(kind), field=field, parents=[p.id for p in parents])

    def subscribe(self, operation: str, /, **arguments: Any) -> Iterator[Any]:
        """Follows a subscription until the loop over it ends."""
        follows = self._ask("subscribe", operation=operation, arguments=arguments)
        try:
            while True:
                value = self._ask("next", goes=follows)
                if not value:
                    return
                yield value[0]
        finally:
            self._ask("stop", goes=follows)

    def http(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] = {}) -> Answer:
        """Sends a request to an endpoint; target is the path below /plugins/NAME."""
        answer = self._ask("http", method=method, target=target, body=base64.b64encode(body).decode(), headers=[list(h) for h in headers.items()])
        return Answer(answer["status"], tuple((n, v) for n, v in answer["headers"]), base64.b64decode(answer["body"] or ""))

    def act_as(self, user: User) -> None:
        self._ask("as", user={"ID": user.id, "Name": user.name, "Roles": user.roles, "Party": user.party})

    # Events, timers and jobs.

    def deliver(self) -> None:
        """Hands the plugin the events that it subscribes to and has not had yet."""
        self._ask("deliver")

    def advance(self, by: datetime.timedelta) -> None:
        """Moves the clock: events that come again, timers and jobs, in order."""
        self._ask("advance", milliseconds=by // datetime.timedelta(milliseconds=1))

    def events(self, topic: str) -> List[Dict[str, Any]]:
        """Is what has happened so far and fits a topic, oldest first."""
        return self._ask("events", topic=topic)

    def redeliver(self, id: str) -> None:
        """Hands an event over once more; what the handler raises is an Error."""
        self._ask("redeliver", id=id)

    def dead_letters(self) -> List[Dict[str, Any]]:
        return self._ask("deadLetters")

    def run_job(self, name: str) -> None:
        self._ask("runJob", name=name)

    @contextlib.contextmanager
    def service(self, name: str) -> Iterator[None]:
        """Has the plugin run a service until the block ends: what it asks of its host is
        refused from then on, and it has to return within two seconds."""
        goes = self._ask("startService", name=name)
        yield
        self._ask("stop", goes=goes)
        if not self._server.wait_idle(HANDOVER, service_call(name)):
            raise Failed(f"{HANDOVER:g}s after the end of its call the service {name} still runs, and another instance begins it; return when host.ended is set")

    def run_service(self, name: str) -> None:
        """Has the plugin run a service until that ends by itself; why is an Error."""
        self._ask("runService", name=name)

    @property
    def now(self) -> datetime.datetime:
        return instant(self._ask("now"))

    @property
    def finds(self) -> int:
        """Is how often the plugin has asked for records; each page is a question."""
        return self._ask("finds")

    # Parties.

    def merge_party(self, party: str, into: str) -> None:
        """Ends a party; deliver tells the plugin."""
        self._ask("mergeParty", **{"from": party, "into": into})

    def erase_party(self, party: str) -> None:
        self._ask("eraseParty", id=party)

    def export_party(self, party: str) -> Any:
        return self._ask("exportParty", id=party)

    # What an administrator sets, and what others do.

    def configure(self, **settings: Any) -> None:
        """Gives the plugin a configuration, with its names as in the API."""
        self._ask("configure", values=settings)

    def set_secret(self, name: str, value: str) -> None:
        self._ask("setSecret", name=name, value=value)

    def set_calendars(self, *files: str) -> None:
        """Gives the site calendars, each the content of a YAML file."""
        self._ask("setCalendars", files=files)

    def broadcast(self, topic: str, value: Any) -> None:
        """Tells what another instance tells, once a handler listens."""
        self._ask("broadcast", topic=topic, payload=value)

    def migrate(self, entity: str, since: int, to: int, values: Dict[str, Any]) -> Dict[str, Any]:
        """Takes the values of a record from one version of the data to another, twice."""
        return self._ask("migrate", entity=entity, version=since, to=to, values=values)

    def upload(self, name: str, content: bytes) -> File:
        """Is a file that the user uploads: its id goes into a field of type file."""
        return read(File, self._ask("upload", name=name, body=base64.b64encode(content).decode()))

    def content(self, file: str) -> bytes:
        """Is what is in a file, by its id, whoever has uploaded it."""
        return base64.b64decode(self._ask("content", id=file) or "")

    def page_file(self, page: str, file: str) -> Optional[bytes]:
        """Is a file of a page, as a browser gets it; None where there is none."""
        answer = self._ask("pageFile", name=page, target=file)
        return None if answer is None else base64.b64decode(answer)

    def text(self, language: str, english: str) -> str:
        """Is what users who read a language ("de") see of what the plugin says in English."""
        return self._ask("text", key=language, value=english)

    def mails(self) -> List[Dict[str, Any]]:
        """Is what the plugin has sent, filled in: of each key the first."""
        return self._ask("mails")

    def broadcasts(self) -> List[Dict[str, Any]]:
        return self._ask("broadcasts")

    def miss_broadcasts(self) -> None:
        self._ask("missBroadcasts")

    def await_listener(self, topic: str) -> None:
        self._ask("awaitListener", topic=topic)

    def offer(self, operation: str, answer: Callable[..., Any]) -> None:
        """Is an operation of another plugin: answer(**arguments) returns its result, or
        raises an Error."""
        self._answers["operation", operation] = lambda arguments: answer(**(arguments or {}))
        self._ask("offer", operation=operation)

    def site(self, origin: str, answer: Callable[[Dict[str, Any]], Response]) -> None:
        """Is a host outside, "https://api.example.com": answer(request) gets the method,
        url, headers and body of what the plugin sends, and nothing leaves the test."""
        def play(request: Dict[str, Any]) -> Dict[str, Any]:
            said = answer({**request, "body": base64.b64decode(request["body"] or "")})
            body = said.body.encode() if isinstance(said.body, str) else said.body if isinstance(said.body, bytes) else b"".join(said.body)
            return {"status": said.status, "headers": dict(said.headers), "body": base64.b64encode(body).decode()}
        self._answers["site", origin] = play
        self._ask("site", name=origin)

    # The wire between the test and the host.

    def _ask(self, do: str, **with_: Any) -> Any:
        with self._lock:
            if self._over:
                raise Failed(OVER)
            self._last += 1
            id, asked = self._last, futures.Future()
            self._waiting[id] = asked
        self._send({"id": id, "do": do, "with": with_})
        return asked.result()

    def _send(self, line: Any) -> None:
        data = encode(line) + b"\n"
        with self._lock:
            try:
                self._process.stdin.write(data)
                self._process.stdin.flush()
            except OSError:
                raise Failed(OVER) from None

    def _read(self) -> None:
        for text in self._process.stdout:
            line = json.loads(text)
            if line.get("log"):
                self.log.append(line["log"])
            elif line.get("asks"):
                threading.Thread(target=self._answer, args=(line["id"], line["asks"]), daemon=True).start()
            else:
                self._settle(self._waiting.pop(line.get("id", 0)), line["answer"])
        with self._lock:
            self._over = True
        for asked in self._waiting.values():
            asked.set_exception(Failed(OVER))

    def _settle(self, asked: "futures.Future[Any]", answer: Dict[str, Any]) -> None:
        refused = answer.get("refused")
        if answer.get("failed"):
            asked.set_exception(Failed("\n".join([answer["failed"], *self.log])))
        elif refused:
            asked.set_exception(errors.of_code(refused["code"], refused["message"], [
                errors.Violation(v["field"], v["message"], v["rule"]) for v in refused.get("violations") or ()]))
        else:
            asked.set_result(answer.get("value"))

    def _answer(self, id: int, question: Dict[str, Any]) -> None:
        try:
            said: Dict[str, Any] = {"value": canonical(self._answers[question["of"], question["name"]](question["with"]))}
        except errors.Error as error:
            said = {"refused": {"code": error.code, "message": error.message, "violations": [vars(v) for v in error.violations]}}
        except Exception as error:
            said = {"refused": {"code": "INTERNAL", "message": f"the test answered {question['name']} with {error!r}"}}
        self._send({"id": id, "answer": said})

    def _end(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def _made(kind: Kind, values: Optional[Mapping[str, Any]], fields: Mapping[str, Any]) -> Record:
    if isinstance(kind, type) and kind is not Record:
        return kind(dict(values or {}), **fields)
    return Record(entity_of(kind), {name: canonical(value) for name, value in {**(values or {}), **fields}.items()})


def _record(kind: Any, told: Mapping[str, Any]) -> Any:
    record = Record.__new__(kind if isinstance(kind, type) else Record)
    Record.__init__(
        record, told["entity"], told["values"] or {}, ID(told["id"]), told["version"], instant(told["createdAt"]), told["createdBy"],
        instant(told["updatedAt"]), told["updatedBy"], instant(told["deletedAt"]))
    return record
