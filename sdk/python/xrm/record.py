"""Records, and classes for those of one entity."""

import dataclasses
import datetime
import typing
from decimal import Decimal
from typing import Any, Dict, Optional, Type, TypeVar, Union

from ._pb import plugin_pb2 as pb
from .files import File
from .values import ID, Money, camel, canonical, decode, encode, exact, instant, read

R = TypeVar("R", bound="Record")


@dataclasses.dataclass
class Record:
    """Is one record of an entity. values has what JSON has: texts, integers, True
    and False, lists and dicts; a field without a value, or one that the user may
    not see, is an absent key. A subclass reads and writes them by their types:

        class Coupon(Record, entity="coupon"):
            code: str
            remaining: int
            expires_on: datetime.date    # expiresOn in the API

        Coupon(code="SUMMER", remaining=100)

    What has no value is None."""

    entity: str
    values: Dict[str, Any] = dataclasses.field(default_factory=dict)
    id: ID = ID("")
    version: int = 0
    created_at: Optional[datetime.datetime] = None
    created_by: str = ""
    updated_at: Optional[datetime.datetime] = None
    updated_by: str = ""
    deleted_at: Optional[datetime.datetime] = None
    before: "Optional[Record]" = dataclasses.field(default=None, repr=False, compare=False)
    """The stored record, in a rule only; None for a new one."""
    received: bytes = dataclasses.field(default=b"", repr=False, compare=False)
    """The values as they came from the host."""

    def __init_subclass__(cls, entity: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if entity:
            cls.__entity__ = entity
        for name in cls.__dict__.get("__annotations__", {}):
            if name.startswith("_"):
                continue
            if name in RESERVED:
                raise TypeError(f"{cls.__name__}.{name}: every record has its own {name}; take record[\"{name}\"] for a field of that name")
            setattr(cls, name, _Field(cls, name))
        cls.__init__ = _init

    def __getitem__(self, path: str) -> Any:
        """Is what lies at a path, such as "total.currency"; None for nothing."""
        value: Any = self.values
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def __setitem__(self, field: str, value: Any) -> None:
        self.values[field] = canonical(value)

    def decimal(self, path: str) -> Optional[Decimal]:
        return None if self[path] is None else exact(self[path])

    def date(self, path: str) -> Optional[datetime.date]:
        return read(datetime.date, self[path])

    def datetime(self, path: str) -> Optional[datetime.datetime]:
        return read(_DATETIME, self[path])

    def money(self, path: str) -> Optional[Money]:
        return read(Money, self[path])

    def file(self, path: str) -> Optional[File]:
        return read(File, self[path])

    def __canonical__(self) -> str:
        return str(self.id)  # a record travels as its id: the host reads it again, with the rights of the user

    def patch(self) -> bytes:
        """Is what was done to the values since they were received, null for what was
        removed; empty for nothing."""
        before, now = decode(self.received) or {}, canonical(self.values)
        changed = {field: value for field, value in now.items() if value != before.get(field) or type(value) is not type(before.get(field))}
        changed.update((field, None) for field in before if field not in now)
        return encode(changed) if changed else b""


_DATETIME = datetime.datetime
RESERVED = {f.name for f in dataclasses.fields(Record)} | {name for name in vars(Record) if not name.startswith("_")}


class _Field:
    """Reads and writes one value by its type."""

    def __init__(self, owner: type, name: str) -> None:
        self.owner, self.name, self.key = owner, name, camel(name)

    def __get__(self, record: Optional[Record], owner: type) -> Any:
        if record is None:
            return self
        return read(typing.get_type_hints(self.owner)[self.name], record.values.get(self.key))

    def __set__(self, record: Record, value: Any) -> None:
        record.values[self.key] = canonical(value)


def _init(self: Record, values: Optional[Dict[str, Any]] = None, **given: Any) -> None:
    """Makes a record of a subclass: Coupon(code="SUMMER"), or Coupon(id=id, remaining=3)."""
    own = {name: given.pop(name) for name in list(given) if name in RESERVED}
    Record.__init__(self, entity_of(type(self)), dict(values or {}), **own)
    for name, value in given.items():
        if not isinstance(getattr(type(self), name, None), _Field):
            raise TypeError(f"{type(self).__name__} has no field {name}")
        setattr(self, name, value)


Kind = Union[str, Type[R]]


def entity_of(kind: Any) -> str:
    """Is the name of an entity, of which somebody may have given the class."""
    if isinstance(kind, str):
        return kind
    name = getattr(kind, "__entity__", "")
    if not name:
        raise TypeError(f"{kind!r} is no entity; say which one: class Coupon(Record, entity=\"coupon\")")
    return name


def from_wire(r: pb.Record, kind: Any = Record) -> Any:
    """Makes a record of what the host has sent, of a class of its own if there is one."""
    record = Record.__new__(kind if isinstance(kind, type) else Record)
    Record.__init__(
        record, r.entity, decode(r.values) or {}, ID(r.id), r.version, instant(r.created_at), r.created_by,
        instant(r.updated_at), r.updated_by, instant(r.deleted_at), received=r.values)
    return record
