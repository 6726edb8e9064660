"""Clocks that count working time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Dict, Optional

from .host import Host
from .values import instant, rfc3339

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Clock:
    """Measures working time by a calendar of the site, such as the time until a
    complaint must be answered: it runs, is paused, and knows when its target is
    reached. It is a value, which a field of type object keeps: calendar (text), target
    and consumed (integer, milliseconds), runningSince (datetime)."""

    calendar: str
    target: timedelta
    consumed: timedelta = timedelta(0)
    running_since: Optional[datetime] = None

    @property
    def running(self) -> bool:
        return self.running_since is not None

    def resume(self, at: datetime) -> "Clock":
        """Lets the clock run from an instant on. One that runs goes on."""
        return self if self.running else replace(self, running_since=_whole(at))

    def pause(self, host: Host, at: datetime) -> "Clock":
        """Stops the clock at an instant."""
        return replace(self, consumed=self.used(host, at), running_since=None)

    def move(self, host: Host, at: datetime, calendar: str) -> "Clock":
        """Lets another calendar count from an instant on."""
        paused = replace(self.pause(host, at), calendar=calendar)
        return paused.resume(at) if self.running else paused

    def used(self, host: Host, at: datetime) -> timedelta:
        """Is the working time that the clock has measured until an instant."""
        if self.running_since is None or at <= self.running_since:
            return self.consumed
        return self.consumed + host.work_time(self.calendar, self.running_since, _whole(at))

    def left(self, host: Host, at: datetime) -> timedelta:
        """Is the working time until the target; less than 0 when it has passed."""
        return self.target - self.used(host, at)

    def due_at(self, host: Host, percent: int = 100) -> Optional[datetime]:
        """Is when so many percent of the target are used up; None while it is paused."""
        if self.running_since is None:
            return None
        left = self.target * percent / 100 - self.consumed
        return host.due_after(self.calendar, self.running_since, max(timedelta(0), left // _MS * _MS))

    def __canonical__(self) -> Dict[str, Any]:
        value: Dict[str, Any] = {"calendar": self.calendar, "target": self.target // _MS, "consumed": self.consumed // _MS}
        if self.running_since is not None:
            value["runningSince"] = rfc3339(self.running_since)
        return value

    @classmethod
    def __read__(cls, value: Dict[str, Any]) -> "Clock":
        return cls(value.get("calendar", ""), value.get("target", 0) * _MS, value.get("consumed", 0) * _MS, instant(value.get("runningSince", "")))


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
