"""What has happened, and what is due."""

import datetime
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Tuple

from ._pb import plugin_pb2 as pb
from .host import User
from .record import Record
from .values import ID, decode, instant, rfc3339


@dataclass(frozen=True)
class FieldChange:
    """Says what happened to one field; None stands for no value."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Event:
    """Is something that has happened. It comes at least once, and those of one key
    in order: what must not happen twice is written with upsert under a unique value
    made of id, with update_if, or with batch under the key id. The record itself may
    have changed again since."""

    id: str
    topic: str
    key: str
    sequence: int
    at: datetime.datetime
    attempt: int
    user: Optional[User] = None
    via: str = ""
    entity: str = ""
    record_id: ID = ID("")
    action: str = ""
    roles: Tuple[str, ...] = ()
    changes: Tuple[FieldChange, ...] = ()
    payload: Any = None
    """What a plugin has published."""

    def changed(self, path: str) -> bool:
        return any(c.path == path for c in self.changes)


def event_from_wire(e: pb.Event) -> Event:
    return Event(
        e.id, e.topic, e.key, e.sequence, instant(e.at), e.attempt,
        User(e.user.id, e.user.name, tuple(e.user.roles), e.user.party) if e.HasField("user") else None, e.via,
        e.entity, ID(e.record_id), e.action, tuple(e.roles),
        tuple(FieldChange(c.path, decode(getattr(c, "from")), decode(c.to)) for c in e.changes), decode(e.payload))


def topic_fits(topic: str, event: Event) -> bool:
    """Says whether "order.created" or "order.*" concerns what happened. The change of
    a party also concerns the topics of its roles."""
    subject, _, action = topic.partition(".")
    of, _, what = event.topic.partition(".")
    return (subject == of or subject in event.roles) and action in ("*", what)


@dataclass(frozen=True)
class TimelineEntry:
    """Is one line of what has happened with a party: an activity. An event that comes
    again replaces its own."""

    party: str
    subject: str
    summary: str = ""
    kind: str = "note"
    direction: str = "internal"
    at: Optional[datetime.datetime] = None

    def record(self, plugin: str, event: Event) -> Record:
        values = {"party": self.party, "subject": self.subject, "kind": self.kind, "direction": self.direction,
                  "at": rfc3339(self.at or event.at), "source": f"{plugin}:{event.id}"}
        if self.summary:
            values["summary"] = self.summary
        return Record("activity", values)


@dataclass(frozen=True)
class Timer:
    """Is something that is to happen at a certain time, whatever is restarted until
    then. host.schedule sets it."""

    name: str
    key: str
    due_at: datetime.datetime
    payload: Any = None


@dataclass(frozen=True)
class JobRun:
    """Is one run of a job; id is the same when the run is tried again."""

    id: str
    planned: datetime.datetime
    _report: Callable[[int, int, str], None] = field(repr=False)

    def report(self, done: int, total: int = 0, note: str = "") -> None:
        """Tells administrators how far the run is; total 0 means that it is not known."""
        self._report(done, total, note)
