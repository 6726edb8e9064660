"""The writes of a batch. Host has a method of the same name for each."""

from typing import Any, Iterable, Mapping, Optional, Union

from ._pb import plugin_pb2 as pb
from .record import Kind, Record, entity_of
from .values import encode, exact

Filter = Mapping[str, Any]
"""A filter as in the API: {"customer": {"in": ids}, "state": {"ne": "closed"}}."""

Write = pb.SaveRequest
"""One write of a batch; create, update, update_if, transition and upsert make it."""


def create(record: Record) -> Write:
    """Stores a new record."""
    return pb.SaveRequest(entity=record.entity, patch=encode(record.values))


def upsert(record: Record, by: str) -> Write:
    """Updates the record that has the value of this one for the unique field by, and
    creates one if there is none: doing it twice is doing it once."""
    return pb.SaveRequest(entity=record.entity, patch=encode(record.values), by=by)


def update(record: Record) -> Write:
    """Stores what was changed since the record was read; Conflict if somebody else
    has changed it meanwhile. Of a record that was made with its id every value is a
    change."""
    if not record.id:
        raise ValueError(f"update {record.entity}: the record has no id; use create for a new one")
    return pb.SaveRequest(entity=record.entity, id=record.id, if_version=record.version, patch=record.patch())


def update_if(kind: Kind, id: str, guard: Optional[Filter], *, set: Optional[Mapping[str, Any]] = None, add: Optional[Mapping[str, Any]] = None) -> Write:
    """Changes a record only if it matches the guard, on the very version that the
    change replaces; Conflict otherwise, whose guarded is True."""
    return pb.SaveRequest(
        entity=entity_of(kind), id=id, guard=b"" if guard is None else encode(guard), patch=b"" if set is None else encode(set),
        add={field: f"{exact(amount):f}" for field, amount in (add or {}).items()})


def transition(kind: Kind, id: str, to: str, from_: Union[str, Iterable[str]] = ()) -> Write:
    """Moves a record to another state, from one of the states from_ if any are given."""
    return pb.SaveRequest(entity=entity_of(kind), id=id, to_state=to, from_states=[from_] if isinstance(from_, str) else from_)
