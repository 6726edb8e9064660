"""The settings of a plugin."""

import dataclasses
import datetime
import json
import re
import typing
from decimal import Decimal
from typing import Any, Callable, Dict, Generic, List, Optional, Type, TypeVar

from .api_types import doc_of
from .values import camel, canonical, decode, defaulted, plain, read, without_none

T = TypeVar("T")
_UNITS = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6, "h": 3600e6}
_SPAN = r"^([0-9]+d|([0-9]+d)?([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+)$"


class Config(Generic[T]):
    """Is the configuration of a plugin, typed by a dataclass. What has a default may be
    left out; Literal["kind", "strict"] lists what is allowed, a timedelta is written
    as 48h or 14d, and Annotated[T, "..."] describes a setting.

        @dataclass
        class Settings:
            sla: Annotated[timedelta, "Time until a visit is overdue."] = timedelta(hours=48)

        config = Config(Settings)

    The administrator writes it under config in PLUGINS/NAME.yaml, and xrm hands over
    every change while the plugin runs. check raises Refused for what types cannot."""

    def __init__(self, kind: Type[T], check: Optional[Callable[[T], None]] = None) -> None:
        self._kind, self._check, self._value = kind, check, None

    @property
    def now(self) -> T:
        """Is what holds now; it is set before any other handler runs."""
        if self._value is None:
            raise RuntimeError("the plugin has not been configured yet; read the configuration in a handler")
        return self._value

    def set(self, encoded: bytes) -> None:
        value = self._read(self._kind, decode(encoded))
        if self._check is not None:
            self._check(value)
        self._value = value

    def _read(self, kind: Any, value: Any) -> Any:
        bare = plain(kind)
        if bare is datetime.timedelta and isinstance(value, str):
            return _span(value)
        if dataclasses.is_dataclass(bare) and isinstance(value, dict):
            hints = typing.get_type_hints(bare, include_extras=True)
            return bare(**{f.name: self._read(hints[f.name], value[camel(f.name)]) for f in dataclasses.fields(bare) if camel(f.name) in value})
        if typing.get_origin(bare) is list and isinstance(value, list):
            return [self._read(typing.get_args(bare)[0], one) for one in value]
        return read(kind, value)

    def describe(self, mistakes: List[str]) -> bytes:
        schema = _schema("the configuration", self._kind, mistakes)
        if schema.get("type") != "object":
            mistakes.append(f"the configuration is {self._kind!r}; it must be a dataclass")
        return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2).encode()


def _schema(where: str, hint: Any, mistakes: List[str]) -> Dict[str, Any]:
    bare = plain(hint)
    if typing.get_origin(bare) is typing.Literal:
        return {"type": "string", "enum": list(typing.get_args(bare))}
    if typing.get_origin(bare) is list:
        return {"type": "array", "items": _schema(where, typing.get_args(bare)[0], mistakes)}
    if bare is datetime.timedelta:
        return {"type": "string", "pattern": _SPAN, "examples": ["48h", "1h30m", "14d"]}
    if bare is Decimal:
        return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["12.50"]}
    for kind, name in ((bool, "boolean"), (int, "integer"), (str, "string")):
        if bare is kind:
            return {"type": name}
    if dataclasses.is_dataclass(bare):
        return _object(bare, mistakes)
    mistakes.append(f"{where} is {bare!r}, which a configuration cannot have; there are str, bool, int, Decimal, timedelta, Literal[...], dataclasses, and lists of these")
    return {}


def _object(kind: Any, mistakes: List[str]) -> Dict[str, Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    properties, required = {}, []
    for f in dataclasses.fields(kind):
        hint = hints[f.name]
        properties[camel(f.name)] = described = _schema(f"{kind.__name__}.{f.name}", hint, mistakes)
        if doc_of(hint):
            described["description"] = doc_of(hint)
        default = f.default if f.default is not dataclasses.MISSING else f.default_factory() if defaulted(f) else None
        if default is not None:
            described["default"] = _written(default)
        elif not defaulted(f) and not without_none(hint)[1] and not dataclasses.is_dataclass(plain(hint)):
            required.append(camel(f.name))
    return {"type": "object", "properties": properties, "additionalProperties": False, **({"required": required} if required else {})}


def _written(value: Any) -> Any:
    if isinstance(value, datetime.timedelta):
        return f"{value // datetime.timedelta(microseconds=1)}us"
    return canonical(value)


def _span(text: str) -> datetime.timedelta:
    days, _, rest = text.rpartition("d") if "d" in text else ("0", "", text)
    micro = sum(float(n) * _UNITS[unit] for n, _, unit in re.findall(r"([0-9]+(\.[0-9]+)?)(ns|us|ms|s|m|h)", rest))
    return datetime.timedelta(days=int(days), microseconds=micro)
