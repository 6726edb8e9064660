"""The declaration of a plugin."""

import inspect
import pathlib
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Optional, TypeVar, Union

from .api_types import Signature
from .config import Config
from .pages import Page
from .record import Kind, Record, entity_of
from .values import camel

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class PartyData:
    """Says what becomes of what the plugin keeps about a party elsewhere than in
    fields of its entities: in its state, in files, at a provider. merge(host, party,
    into), export(host, party) and erase(host, party)."""

    merge: Optional[Callable[..., None]] = None
    export: Optional[Callable[..., Any]] = None
    erase: Optional[Callable[..., None]] = None
    only_records: bool = False


ONLY_RECORDS = PartyData(only_records=True)
"""For a plugin that keeps nothing about a party but in fields of its entities."""


@dataclass(frozen=True)
class Operation:
    name: str
    kind: int
    doc: str
    needs: List[str]
    for_everybody: bool
    returns: str
    run: Callable[..., Any]


@dataclass(frozen=True)
class Computed:
    entity: str
    name: str
    doc: str
    returns: str
    kind: Any
    run: Callable[..., Any]


@dataclass(frozen=True)
class Job:
    name: str
    schedule: str
    zone: str
    doc: str
    run: Callable[..., Any]


@dataclass(frozen=True)
class Service:
    name: str
    doc: str
    run: Callable[..., Any]


@dataclass(frozen=True)
class Migration:
    to: int
    entity: str
    up: Callable[..., Any]
    back: Optional[Callable[..., Any]]


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    doc: str
    run: Callable[..., Any]


class Plugin:
    """Is everything that a plugin contributes. Its decorators say when a function is
    called; what comes before can still say no, what has happened cannot be undone:

        plugin = Plugin("visits", "1.0.0", entities="entities", party_data=ONLY_RECORDS)

        @plugin.before_save("visit")
        def wants_a_report(host, visit): ...

        @plugin.on("visit.created")
        def tell(host, event): ...

        if __name__ == "__main__":
            plugin.run()

    name and version are those in plugin.yaml; entities is a folder of definitions in
    the entity language, beside the program, mails one of templates for Host.send_mail,
    and texts one of what it says in other languages than English."""

    def __init__(self, name: str, version: str, *, entities: Union[str, pathlib.Path, None] = None, mails: Union[str, pathlib.Path, None] = None, texts: Union[str, pathlib.Path, None] = None, party_data: Optional[PartyData] = None, config: Optional[Config] = None) -> None:
        self.name, self.version, self.party_data, self.config = name, version, party_data, config
        # Relative to the file of the author, wherever the process was started.
        beside = pathlib.Path(inspect.stack()[1].filename).resolve().parent
        self.entities: Optional[pathlib.Path] = None if entities is None else beside / entities
        self.texts: Optional[pathlib.Path] = None if texts is None else beside / texts
        self.mails: Optional[pathlib.Path] = None if mails is None else beside / mails
        self.save_rules: Dict[str, "tuple[Any, Callable[..., Any]]"] = {}
        self.delete_rules: Dict[str, "tuple[Any, Callable[..., Any]]"] = {}
        self.operations: List[Operation] = []
        self.fields: List[Computed] = []
        self.subscriptions: Dict[str, Callable[..., Any]] = {}
        self.timelines: Dict[str, Callable[..., Any]] = {}
        self.jobs: List[Job] = []
        self.services: List[Service] = []
        self.migrations: List[Migration] = []
        self.timers: Dict[str, Callable[..., Any]] = {}
        self.endpoints: List[Endpoint] = []
        self.pages: List[Page] = []
        self._beside = beside
        self.health: Optional[Callable[[], None]] = None
        self.mistakes: List[str] = []

    def before_save(self, kind: Kind) -> Callable[[F], F]:
        """Is a rule for the records of an entity or role: rule(host, record) changes
        the values, or raises Refused. record.before is what is stored. It must cause
        nothing outside: the write may still fail."""
        return self._rule(self.save_rules, "before_save", kind)

    def before_delete(self, kind: Kind) -> Callable[[F], F]:
        """Is a rule for deletions: rule(host, record) refuses with an Error."""
        return self._rule(self.delete_rules, "before_delete", kind)

    def query(self, name: Union[str, Callable[..., Any], None] = None, *, needs: Union[str, Iterable[str]] = (), for_everybody: bool = False, returns: Optional[Kind] = None, doc: str = "") -> Any:
        """Adds a query to the API. The parameters behind host are its arguments, named in
        camelCase; their type hints are those of the API, and the docstring describes it.
        needs and for_everybody say who may start it; without either administrators may,
        and roles that name it."""
        return self._operation(1, name, needs, for_everybody, returns, doc)

    def mutation(self, name: Union[str, Callable[..., Any], None] = None, *, needs: Union[str, Iterable[str]] = (), for_everybody: bool = False, returns: Optional[Kind] = None, doc: str = "") -> Any:
        """Adds a mutation to the API, as query does; it may write."""
        return self._operation(2, name, needs, for_everybody, returns, doc)

    def subscription(self, name: Union[str, Callable[..., Any], None] = None, *, needs: Union[str, Iterable[str]] = (), for_everybody: bool = False, returns: Optional[Kind] = None, doc: str = "") -> Any:
        """Adds a subscription to the API, as query does. The function yields the results
        as they come: its hint is Iterator[T]."""
        return self._operation(3, name, needs, for_everybody, returns, doc)

    def computed(self, kind: Kind, name: str = "", *, returns: Optional[Kind] = None, doc: str = "") -> Callable[[F], F]:
        """Adds a field to any entity or role: resolve(host, parents) -> list[T] returns
        one value for each parent, in order; ask the host once for all of them."""
        def add(run: F) -> F:
            self.fields.append(Computed(entity_of(kind), name or camel(run.__name__), doc or _doc(run), _entity(returns), kind, run))
            return run
        return add

    def on(self, topic: str) -> Callable[[F], F]:
        """Handles what has happened: handle(host, event), with "order.created",
        "customer.*", or what a plugin publishes. Each event goes to the first that fits.
        RetryAfter has it come again then, DeadLetter puts it aside, any other error has
        it come again later and later."""
        return self._named(self.subscriptions, "on", topic)

    def timeline(self, topic: str) -> Callable[[F], F]:
        """Says what an event is in the timeline of a party: entry(host, event) returns a
        TimelineEntry, or None."""
        return self._named(self.timelines, "timeline", topic)

    def job(self, schedule: str, *, name: str = "", zone: str = "", doc: str = "") -> Callable[[F], F]:
        """Runs by the clock, on one instance: job(host, run), by a cron expression of
        five fields, "@daily" or "@every 10m", in UTC unless zone says "Europe/Berlin"."""
        def add(run: F) -> F:
            self.jobs.append(Job(name or camel(run.__name__), schedule, zone, doc or _doc(run), run))
            return run
        return add

    def service(self, run: Optional[F] = None, *, name: str = "", doc: str = "") -> Any:
        """Goes on for as long as the plugin runs, on one instance: serve(host). Return when
        host.ended is set; host.sleep and what is asked of the host raise Ended then.
        Another instance begins it two seconds later. What returns or raises before
        begins again after a pause."""
        def add(run: F) -> F:
            self.services.append(Service(name or camel(run.__name__), doc or _doc(run), run))
            return run
        return add(run) if run else add  # with or without brackets

    def migration(self, kind: Kind, *, to: int, back: Optional[Callable[[Record], Any]] = None) -> Callable[[F], F]:
        """Brings the records of an entity of the plugin to a version of its data from the
        one before: up(record) changes the values, and back is the way back. Both look at
        nothing but the record; what they raise refuses the upgrade."""
        def add(up: F) -> F:
            self.migrations.append(Migration(to, entity_of(kind), up, back))
            return up
        return add

    def timer(self, name: str) -> Callable[[F], F]:
        """Is called when a time has come that host.schedule has set: fire(host, timer)."""
        return self._named(self.timers, "timer", name)

    def page(self, name: str, title: str, folder: Union[str, pathlib.Path], *, needs: Union[str, Iterable[str]] = (), for_everybody: bool = False) -> None:
        """Shows people the index.html of a folder beside the program, at
        /pages/PLUGIN/NAME. Scripts and styles are files of the folder too; /pages/xrm.js
        asks for the operations of the plugin. needs and for_everybody are as in query."""
        self.pages.append(Page(name, title, (needs,) if isinstance(needs, str) else tuple(needs), for_everybody, self._beside / folder))

    def http(self, pattern: str, *, doc: str = "") -> Callable[[F], F]:
        """Answers requests to a path below /plugins/NAME, without an API key: "POST /erp",
        or "/hooks/" for all below. answer(host, request) returns a Response."""
        method, _, path = pattern.rpartition(" ")

        def add(run: F) -> F:
            self.endpoints.append(Endpoint(method, path, doc or _doc(run), run))
            return run
        return add

    def check(self, run: F) -> F:
        """Is called every ten seconds, and says whether all is well: what it raises is
        shown to administrators as the reason why the plugin is DEGRADED."""
        self.health = run
        return run

    def run(self) -> None:
        """Is the main function of a plugin. It returns when the host has ended it."""
        from .serve import serve

        serve(self)

    def _rule(self, rules: Dict[str, Any], what: str, kind: Kind) -> Callable[[F], F]:
        def add(run: F) -> F:
            if entity_of(kind) in rules:
                self.mistakes.append(f"{what} has two functions for {entity_of(kind)}, {rules[entity_of(kind)][1].__name__} and {run.__name__}; make one of them")
            rules[entity_of(kind)] = (kind if isinstance(kind, type) else Record, run)
            return run
        return add

    def _named(self, functions: Dict[str, Any], what: str, name: str) -> Callable[[F], F]:
        def add(run: F) -> F:
            if name in functions:
                self.mistakes.append(f"{what} has two functions for {name}, {functions[name].__name__} and {run.__name__}; make one of them")
            functions[name] = run
            return run
        return add

    def _operation(self, kind: int, name: Any, needs: Union[str, Iterable[str]], for_everybody: bool, returns: Optional[Kind], doc: str) -> Any:
        def add(run: F) -> F:
            called = name if isinstance(name, str) else camel(run.__name__)
            rights = [needs] if isinstance(needs, str) else list(needs)
            self.operations.append(Operation(called, kind, doc or _doc(run), rights, for_everybody, _entity(returns), run))
            return run
        return add(name) if callable(name) else add  # with or without brackets


def _doc(run: Callable[..., Any]) -> str:
    return " ".join((inspect.getdoc(run) or "").split("\n\n")[0].split())


def _entity(kind: Optional[Kind]) -> str:
    return "" if kind is None else entity_of(kind)


def signature(run: Callable[..., Any]) -> Signature:
    return Signature(run)
