"""What a plugin tells of itself."""

import collections.abc
import pathlib
import re
import typing
from typing import Any, Dict, Iterable, List, Optional, Tuple

from ._pb import plugin_pb2 as pb
from .api_types import Signature, Typer
from .pages import Page
from .plugin import Operation, Plugin

_API = re.compile(r"[a-z][a-zA-Z0-9]*")
_TOPIC = re.compile(r"[a-z][a-zA-Z0-9-]*\.([a-zA-Z][a-zA-Z0-9]*|\*)")
_PATH = re.compile(r"/[a-zA-Z0-9/._~-]*")
_NEED = re.compile(r"[a-z][a-zA-Z0-9]*\.(read|create|update|delete|grant|withdraw)")
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_STREAMS = (collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator)


class Mistakes(ValueError):
    """Is everything that is wrong with a plugin, at once."""


class Description:
    """Derives the contribution from the declaration, or raises every mistake in it."""

    def __init__(self, plugin: Plugin, sdk: str) -> None:
        self._typer, self.signatures = Typer(), {}
        self._mistakes: List[str] = self._typer.mistakes
        self._mistakes += plugin.mistakes
        if not _NAME.fullmatch(plugin.name):
            self._mistakes.append(f"the name is {plugin.name!r}; it must be of lower-case letters, digits and hyphens")
        if not plugin.version:
            self._mistakes.append("the version is missing")
        self.message = pb.DescribeResponse(
            name=plugin.name, version=plugin.version, sdk=sdk, mails=[pb.MailFile(path=p, data=d) for p, d in self._files(plugin.mails, ".txt", ".html")],
            texts=[pb.TextFile(path=p, data=d) for p, d in self._files(plugin.texts, ".yaml")],
            entities=[pb.EntityFile(path=p, yaml=d) for p, d in self._files(plugin.entities, ".yaml", ".yml")],
            before_save=sorted(plugin.save_rules), before_delete=sorted(plugin.delete_rules),
            operations=[self._operation(o) for o in plugin.operations], fields=[self._field(f) for f in plugin.fields],
            subscriptions=self._topics(plugin), timers=sorted(plugin.timers),
            jobs=[pb.Job(name=j.name, schedule=j.schedule, time_zone=j.zone, doc=j.doc) for j in plugin.jobs],
            migrations=self._migrations(plugin), services=[pb.PluginService(name=s.name, doc=s.doc) for s in plugin.services],
            endpoints=[pb.Endpoint(method=e.method, path=e.path, doc=e.doc) for e in plugin.endpoints],
            pages=[self._page(p) for p in plugin.pages],
            config_schema=plugin.config.describe(self._mistakes) if plugin.config else b"", party_data=self._parties(plugin))
        self.message.objects.extend(self._typer.objects[name] for name in sorted(self._typer.objects))
        self._names(plugin)
        self.message.features.extend(_features(self.message))
        if self._mistakes:
            raise Mistakes(f"plugin {plugin.name}:\n" + "\n".join(self._mistakes))

    def _files(self, folder: Optional[pathlib.Path], *suffixes: str) -> List[Tuple[str, bytes]]:
        if folder is None:
            return []
        files = sorted(f for f in folder.rglob("*") if f.suffix in suffixes)
        if not files:
            self._mistakes.append(f"{folder} holds no *{suffixes[0]} file")
        return [(f.relative_to(folder.parent).as_posix(), f.read_bytes()) for f in files]

    def _page(self, p: Page) -> pb.Page:
        self._rights(f"page {p.name}", p.needs, p.for_everybody)
        if not p.title:
            self._mistakes.append(f"page {p.name} has no title")
        if "index.html" not in p.files():
            self._mistakes.append(f"page {p.name} needs an index.html in {p.folder}")
        return pb.Page(name=p.name, title=p.title, needs=p.needs, for_everybody=p.for_everybody, digest=p.digest())

    def _rights(self, what: str, needs: Iterable[str], for_everybody: bool) -> None:
        for right in needs:
            if not _NEED.fullmatch(right):
                self._mistakes.append(f"{what} needs {right!r}; write an entity and one of read, create, update, delete, grant and withdraw, such as visit.update")
        if for_everybody and needs:
            self._mistakes.append(f"{what} is for_everybody and has needs; say one of them")

    def _migrations(self, plugin: Plugin) -> List[pb.Migration]:
        steps = sorted(plugin.migrations, key=lambda m: (m.to, m.entity))
        for m in steps:
            if m.to < 2 or not any(other.to == m.to - 1 for other in steps) and m.to != 2:
                self._mistakes.append(f"there is a migration of {m.entity} to version {m.to}; the first one leads to 2, and versions have no gaps")
        if len({(m.to, m.entity) for m in steps}) < len(steps):
            self._mistakes.append("there are two migrations of one entity to one version; make one of them")
        return [pb.Migration(to=max(m.to, 0), entity=m.entity, reversible=m.back is not None) for m in steps]

    def _operation(self, o: Operation) -> pb.Operation:
        found = self.signatures[o.name] = self._signature(o.run)
        returns = found.returns
        if o.kind == pb.Operation.SUBSCRIPTION:
            if typing.get_origin(returns) in _STREAMS:
                returns = typing.get_args(returns)[0]
            else:
                self._mistakes.append(f"the subscription {o.name} must say what it yields: -> Iterator[T]")
                returns = str
        arguments = [self._typer.member(f"the argument {name} of {o.name}", name, hint, True, name in found.defaults) for name, hint in found.parameters.items()]
        self._rights(f"operation {o.name}", o.needs, o.for_everybody)
        return pb.Operation(name=o.name, kind=o.kind, doc=o.doc, needs=o.needs, for_everybody=o.for_everybody, arguments=arguments,
                            returns=self._typer.of(f"the result of {o.name}", returns, o.returns))

    def _field(self, f: Any) -> pb.ComputedField:
        returns, where = self._signature(f.run).returns, f"{f.entity}.{f.name}"
        if typing.get_origin(returns) is not list:
            self._mistakes.append(f"the field {where} must return one value for each parent: -> list[T]")
            return pb.ComputedField()
        return pb.ComputedField(entity=f.entity, name=f.name, doc=f.doc, returns=self._typer.of(f"the value of {where}", typing.get_args(returns)[0], f.returns))

    def _signature(self, run: Any) -> Signature:
        return Signature(run)

    def _topics(self, plugin: Plugin) -> List[str]:
        topics = {*plugin.subscriptions, *plugin.timelines}
        if plugin.party_data is not None and not plugin.party_data.only_records:
            topics |= {"party.merged", "party.erased"}
        return sorted(topics)

    def _parties(self, plugin: Plugin) -> Any:
        p = plugin.party_data
        if p is None:
            return None
        described = pb.PartyData(only_records=p.only_records, merge=p.merge is not None, export=p.export is not None, erase=p.erase is not None)
        self._mistakes += [f"party_data has no {name}" for name in ("merge", "export", "erase") if not p.only_records and not getattr(described, name)]
        return described

    def _names(self, plugin: Plugin) -> None:
        seen: Dict[str, bool] = {}
        for kind, names, form, advice in (
                ("operation", [o.name for o in plugin.operations], _API, "use camelCase, as Python's snake_case becomes"),
                ("computed field", [f"{f.entity}.{f.name}" for f in plugin.fields], re.compile(rf"{_API.pattern}\.{_API.pattern}"), "use camelCase"),
                ("job", [j.name for j in plugin.jobs], _API, "use camelCase, as Python's snake_case becomes"),
                ("service", [s.name for s in plugin.services], _API, "use camelCase, as Python's snake_case becomes"),
                ("page", [p.name for p in plugin.pages], _API, "use camelCase"),
                ("timer", list(plugin.timers), _API, "use camelCase"),
                ("topic", list(self.message.subscriptions), _TOPIC, "write ENTITY.ACTION such as order.created, or order.*"),
                ("path of an endpoint", [e.path for e in plugin.endpoints], _PATH, "begin with a slash: \"POST /erp\"")):
            for name in names:
                if not form.fullmatch(name):
                    self._mistakes.append(f"{name!r} cannot be the name of a {kind}; {advice}")
                elif kind not in ("path of an endpoint",) and seen.get(kind + name):
                    self._mistakes.append(f"there are two of the {kind} {name}; rename one")
                seen[kind + name] = True
        self._mistakes += [f"job {j.name} has no schedule" for j in plugin.jobs if not j.schedule]


def _features(d: pb.DescribeResponse) -> List[str]:
    """Is what a host must have for this plugin beyond the first release of the protocol."""
    return [name for name, needed in (
        ("config", d.config_schema), ("deletes", d.before_delete), ("events", d.subscriptions), ("http", d.endpoints), ("jobs", d.jobs), ("mails", d.mails),
        ("migrations", d.migrations), ("pages", d.pages), ("parties", d.party_data.export), ("services", d.services), ("subscriptions", any(o.kind == pb.Operation.SUBSCRIPTION for o in d.operations)), ("timers", d.timers)) if needed]
