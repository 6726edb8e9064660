"""Refusals: what a handler raises, and what the host answers."""

import traceback
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Iterable, Mapping, Union

from ._pb import plugin_pb2 as pb
from .values import camel


@dataclass(frozen=True)
class Violation:
    """Is one reason why values do not fit. The message completes "<field> ..."."""

    field: str
    message: str
    rule: str = "rejected"


class Error(Exception):
    """Is a refusal that the user gets to see, with its code. Whatever else a
    handler raises is a mistake of the plugin: the user reads INTERNAL, and the log
    has the traceback."""

    code = "INTERNAL"

    def __init__(self, message: str = "", violations: Union[Iterable[Violation], Mapping[str, str]] = ()) -> None:
        if isinstance(violations, Mapping):
            violations = [Violation(field, text) for field, text in violations.items()]
        self.message, self.violations = message, tuple(violations)
        super().__init__(message)

    def __str__(self) -> str:
        parts = [self.message] if self.message else []
        return "; ".join(parts + [f"{v.field} {v.message}" for v in self.violations])

    @property
    def guarded(self) -> bool:
        """Says whether the guard of a write did not hold."""
        return any(v.rule == "guard" for v in self.violations)


class Refused(Error):
    """Refuses values; the user can mend them. Each keyword is a field and what is
    wrong with it: Refused(reason="is required when a visit is done"). A path goes
    into violations: Refused(violations={"lines[2].quantity": "must be whole"})."""

    code = "INVALID"

    def __init__(self, message: str = "", violations: Union[Iterable[Violation], Mapping[str, str]] = (), **fields: str) -> None:
        super().__init__(message, violations)
        self.violations += tuple(Violation(camel(name), text) for name, text in fields.items())


class NotFound(Error):
    """There is no such record, or the user may not know that it exists."""

    code = "NOT_FOUND"


class Forbidden(Error):
    """The user may not do this, or the plugin may not: the message then names the
    line that plugin.yaml lacks."""

    code = "FORBIDDEN"


class Conflict(Error):
    """Somebody else changed the record first, or a guard does not hold."""

    code = "CONFLICT"


class Unavailable(Error):
    """Something that is needed is down; try again later."""

    code = "UNAVAILABLE"


class RateLimited(Error):
    """Too much was asked at once. It has had no effect, and may be asked again."""

    code = "RATE_LIMITED"


class Ended(BaseException):
    """The call that a host belongs to has ended: nobody waits for its answer any
    more. Let it pass; a finally still runs. It is no Exception, so that an "except
    Exception" in a loop does not keep a job running."""


class RetryAfter(Exception):
    """Has an event come again, after this time at the earliest."""

    def __init__(self, after: timedelta, reason: str) -> None:
        super().__init__(reason)
        self.after = after


class DeadLetter(Exception):
    """Puts an event aside, for an administrator to look at."""


_kinds = {kind.code: kind for kind in (Refused, NotFound, Forbidden, Conflict, Unavailable, RateLimited)}


def of_code(code: str, message: str, violations: Iterable[Violation]) -> Error:
    """Makes an error of the class that has the code."""
    found = _kinds.get(code, Error)(message, violations)
    found.code = code
    return found


def from_wire(e: pb.Error) -> Error:
    return of_code(e.code, e.message, [Violation(v.field, v.message, v.rule) for v in e.violations])


def to_wire(what: str, error: BaseException) -> pb.Error:
    """Says what the user may see of an error, or, where that is nothing, what the
    log of the host should have."""
    if isinstance(error, Error):
        return pb.Error(code=error.code, message=error.message, violations=[
            pb.Violation(field=v.field, rule=v.rule, message=v.message) for v in error.violations])
    cause = "".join(traceback.format_exception_only(type(error), error)).strip()
    stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return pb.Error(code="INTERNAL", cause=f"{what}: {cause}", stack=stack)


def check(answer: Any) -> Any:
    """Raises the refusal in an answer of the host."""
    if answer.HasField("error"):
        raise from_wire(answer.error)
    return answer
