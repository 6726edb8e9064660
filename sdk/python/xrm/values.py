"""Values as the wire has them, and as Python has them."""

import collections.abc
import dataclasses
import datetime
import enum
import json
import re
import types
import typing
from decimal import Decimal
from typing import Any, Mapping, Union


class ID(str):
    """Is the id of a record, as an argument or in a result."""

    __slots__ = ()


@dataclasses.dataclass(frozen=True)
class Money:
    """Is an amount in a currency (ISO 4217), as a field of the type money has it."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", exact(self.amount))

    def __add__(self, other: "Money") -> "Money":
        if not isinstance(other, Money):
            return NotImplemented
        if self.currency != other.currency:
            raise ValueError(f"{self} and {other} are of two currencies: they have no sum")
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, factor: Union[int, Decimal]) -> "Money":
        return Money(self.amount * exact(factor), self.currency)

    __rmul__ = __mul__

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


def exact(number: Any) -> Decimal:
    """Returns a number that is exact already; a float is none."""
    if isinstance(number, (float, bool)):
        raise TypeError(f"{number!r} is a {type(number).__name__}, which is no exact number; use Decimal(\"12.50\")")
    return Decimal(number)


def camel(name: str) -> str:
    """Is the name in the API of what Python calls display_name, or from_."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def instant(text: str) -> Union[datetime.datetime, None]:
    """Reads RFC 3339; None for nothing."""
    if not text:
        return None
    # fromisoformat of Python 3.9 knows neither Z nor other than 3 or 6 digits.
    whole, fraction, zone = re.fullmatch(r"([^.Z+]*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text).groups()
    micro = ((fraction or "") + "000000")[:6]
    return datetime.datetime.fromisoformat(f"{whole}.{micro}{'+00:00' if zone == 'Z' else zone}")


def rfc3339(at: datetime.datetime) -> str:
    """Writes an instant; one without a time zone is none."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; make it with datetime.now(timezone.utc) or ZoneInfo(\"Europe/Berlin\")")
    return at.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def canonical(value: Any) -> Any:
    """Returns what JSON can say of a value."""
    if value is None or isinstance(value, (bool, int)) or type(value) is str:
        return value
    if isinstance(value, enum.Enum):
        return canonical(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime.datetime):
        return rfc3339(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if hasattr(value, "__canonical__"):
        return value.__canonical__()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {camel(f.name): canonical(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): canonical(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, collections.abc.Iterator)):
        return [canonical(one) for one in value]
    if isinstance(value, float):
        exact(value)
    raise TypeError(f"{value!r} is a {type(value).__name__}, which the wire has no form for")


def encode(value: Any) -> bytes:
    """Writes canonical JSON."""
    return json.dumps(canonical(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def decode(data: bytes) -> Any:
    """Reads JSON; None for nothing. What has a fraction stays exact."""
    return json.loads(data, parse_float=Decimal) if data else None


UNIONS = (Union, getattr(types, "UnionType", Union))


def without_none(hint: Any) -> "tuple[Any, bool]":
    """Splits Optional[T], or T | None, into T and True."""
    if typing.get_origin(hint) in UNIONS:
        rest = [one for one in typing.get_args(hint) if one is not type(None)]
        if len(rest) == 1 and len(rest) < len(typing.get_args(hint)):
            return rest[0], True
    return hint, False


def plain(hint: Any) -> Any:
    """Leaves out what Annotated adds, and None."""
    while True:
        if typing.get_origin(hint) is typing.Annotated:
            hint = typing.get_args(hint)[0]
            continue
        hint, optional = without_none(hint)
        if not optional:
            return hint


def read(hint: Any, value: Any) -> Any:
    """Turns what JSON has said into what a type hint asks for."""
    hint = plain(hint)
    if value is None or hint in (Any, None):
        return value
    if typing.get_origin(hint) in (list, tuple, collections.abc.Sequence, collections.abc.Iterable):
        of = typing.get_args(hint)[0]
        return [read(of, one) for one in value]
    if not isinstance(hint, type) or isinstance(value, hint):
        return value
    if hint is Decimal:
        return Decimal(value)
    if hint is datetime.datetime:
        return instant(value)
    if hint is datetime.date:
        return datetime.date.fromisoformat(value)
    if hasattr(hint, "__read__"):
        return hint.__read__(value)
    if issubclass(hint, (str, enum.Enum)):
        return hint(value)
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint, include_extras=True)
        return hint(**{f.name: read(hints[f.name], value.get(camel(f.name))) for f in dataclasses.fields(hint)
                       if f.init and (value.get(camel(f.name)) is not None or not defaulted(f))})
    return value


def defaulted(field: "dataclasses.Field[Any]") -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
