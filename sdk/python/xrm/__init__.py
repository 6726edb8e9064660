"""Plugins of xrm in Python. README.md beside this package begins with a first one."""

from .clock import Clock
from .config import Config
from .connection import Answer
from .errors import Conflict, DeadLetter, Ended, Error, Forbidden, NotFound, RateLimited, Refused, RetryAfter, Unavailable, Violation
from .events import Event, FieldChange, JobRun, TimelineEntry, Timer
from .files import File, OpenFile
from .host import ANY_VERSION, Group, Host, Mail, Measure, Page, User, avg_of, group_by, ids, max_of, min_of, sum_of
from .http import Request, Response
from .plugin import ONLY_RECORDS, PartyData, Plugin
from .record import Record
from .values import ID, Money
from .writes import Filter, Write, create, transition, update, update_if, upsert

__all__ = [name for name, value in list(globals().items()) if not name.startswith("_") and not hasattr(value, "__path__") and type(value).__name__ != "module"]
