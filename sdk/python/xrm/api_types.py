"""Type hints, as types of the API."""

import dataclasses
import datetime
import enum
import inspect
import typing
from decimal import Decimal
from typing import Any, Callable, Dict, List

from ._pb import plugin_pb2 as pb
from .record import Record
from .values import ID, camel, defaulted, plain, without_none

_scalars = {ID: "id", Decimal: "decimal", datetime.datetime: "datetime", datetime.date: "date", bool: "boolean", int: "integer", str: "text"}


class Typer:
    """Describes type hints. The objects that it meets on the way gather in objects,
    and what is wrong with them in mistakes."""

    def __init__(self) -> None:
        self.objects: Dict[str, pb.ObjectType] = {}
        self.mistakes: List[str] = []
        self._known: Dict[str, Any] = {}
        self._inside: List[Any] = []

    def of(self, where: str, hint: Any, entity: str = "", is_input: bool = False) -> pb.Type:
        """Returns the type of a hint; where says in messages what has it, and entity
        of what records without a class of their own are."""
        if typing.get_origin(hint) is typing.Annotated:
            hint = typing.get_args(hint)[0]
        hint, optional = without_none(hint)
        if optional:
            described = self.of(where, hint, entity, is_input)
            described.required = False
            return described
        if typing.get_origin(hint) is list:
            return pb.Type(list=self.of(where, typing.get_args(hint)[0], entity, is_input))
        if not isinstance(hint, type):
            hint = getattr(hint, "__supertype__", hint)  # of a NewType
        if isinstance(hint, type):
            if issubclass(hint, Record):
                return self._record(where, hint, entity, is_input)
            for kind, scalar in _scalars.items():
                if hint is kind or (issubclass(hint, enum.Enum) and issubclass(hint, kind)):
                    return pb.Type(scalar=scalar, required=True)
            if dataclasses.is_dataclass(hint):
                return pb.Type(object=self._object(where, hint, is_input), required=True)
        if hint is float:
            self.mistakes.append(f"{where} is a float, which is not exact; use Decimal")
        elif hint is inspect.Parameter.empty:
            self.mistakes.append(f"{where} has no type hint, which says what it is in the API")
        else:
            self.mistakes.append(f"{where} is {_shown(hint)}, which the API has no type for; there are str, int, bool, Decimal, date, datetime, "
                                 "xrm.ID, xrm.Record, dataclasses, and list[...] and Optional[...] of these")
        return pb.Type()

    def _record(self, where: str, hint: Any, entity: str, is_input: bool) -> pb.Type:
        entity = getattr(hint, "__entity__", entity)
        if is_input:
            self.mistakes.append(f"{where} is a record, which cannot be an argument; take its xrm.ID")
        elif not entity:
            self.mistakes.append(f"{where} is a Record; say of which entity, by returns=\"...\" or a class of its own")
        return pb.Type(entity=entity, required=True)

    def _object(self, where: str, hint: Any, is_input: bool) -> str:
        """Describes a dataclass once."""
        name = hint.__name__
        if is_input and not name.endswith("Input"):
            name += "Input"
        if hint in self._inside:
            self.mistakes.append(f"{where} contains itself; the API cannot show that, return records or ids")
        first = self._known.setdefault(name, hint)
        if first is not hint:
            self.mistakes.append(f"{first.__qualname__} and {hint.__qualname__} would both be called {name} in the API; rename one")
        if name in self.objects:
            return name
        described = self.objects[name] = pb.ObjectType(name=name, input=is_input)
        self._inside.append(hint)
        hints = typing.get_type_hints(hint, include_extras=True)
        described.members.extend(
            self.member(f"{hint.__name__}.{f.name}", f.name, hints[f.name], is_input, is_input and defaulted(f)) for f in dataclasses.fields(hint))
        self._inside.pop()
        return name

    def member(self, where: str, name: str, hint: Any, is_input: bool, may_be_left_out: bool) -> pb.Member:
        of = self.of(where, hint, is_input=is_input)
        if may_be_left_out:
            of.required = False
        return pb.Member(name=camel(name), doc=doc_of(hint), type=of)


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)


def doc_of(hint: Any) -> str:
    """Is the text in Annotated[T, "..."]."""
    if typing.get_origin(hint) is typing.Annotated:
        return next((one for one in typing.get_args(hint)[1:] if isinstance(one, str)), "")
    return ""


class Signature:
    """Is what a handler takes beside its host, and what it returns."""

    def __init__(self, run: Callable[..., Any]) -> None:
        hints = typing.get_type_hints(run, include_extras=True)
        host, *rest = inspect.signature(run).parameters.values()
        self.parameters = {p.name: hints.get(p.name, p.empty) for p in rest}
        self.defaults = {p.name: p.default for p in rest if p.default is not p.empty}
        self.returns = hints.get("return", inspect.Parameter.empty)

    def read(self, arguments: Dict[str, Any]) -> Dict[str, Any]:
        """Turns the arguments of a call into those of the handler."""
        from .values import read

        found = {}
        for name, hint in self.parameters.items():
            value = arguments.get(camel(name))
            if value is not None:
                found[name] = read(hint, value)
            elif name not in self.defaults:
                found[name] = [] if typing.get_origin(plain(hint)) is list and not without_none(hint)[1] else None
        return found
