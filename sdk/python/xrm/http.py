"""HTTP requests that a plugin answers."""

import urllib.parse
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Tuple, Union

from ._pb import plugin_pb2 as pb
from .connection import cut


@dataclass(frozen=True)
class Request:
    """Is a request to a path below /plugins/NAME. Who has sent it is not known: a
    webhook has to prove by itself who sends it."""

    method: str
    path: str
    query: Dict[str, List[str]]
    headers: Tuple[Tuple[str, str], ...]
    host: str
    remote_address: str
    stream: Iterator[bytes] = field(repr=False)
    """The body, in parts, byte by byte as it was sent."""

    def header(self, name: str) -> str:
        """Is the first value of a header, whatever its case; "" for none."""
        return next((value for one, value in self.headers if one.lower() == name.lower()), "")

    def read(self) -> bytes:
        """Reads what there is of the body."""
        return b"".join(self.stream)


@dataclass(frozen=True)
class Response:
    """Is the answer. A body that is iterated goes out part by part."""

    body: Union[str, bytes, Iterable[bytes]] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def request_from_wire(head: pb.HTTPRequestHead, rest: Iterator[pb.HTTPRequest]) -> Request:
    target = urllib.parse.urlsplit(head.target)
    return Request(
        head.method, urllib.parse.unquote(target.path), urllib.parse.parse_qs(target.query, keep_blank_values=True),
        tuple((h.name, h.value) for h in head.headers), head.host, head.remote_address, (part.body for part in rest))


def response_to_wire(answer: Any) -> Iterator[pb.HTTPResponse]:
    if not isinstance(answer, Response):
        answer = Response(status=204) if answer is None else Response(answer)
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    yield pb.HTTPResponse(head=pb.HTTPResponseHead(status=answer.status, headers=[pb.HTTPHeader(name=n, value=v) for n, v in answer.headers.items()]))
    for chunk in ([body] if isinstance(body, bytes) else body):
        for part in cut(chunk):
            yield pb.HTTPResponse(body=part)


def fits(method: str, path: str, request: Request) -> bool:
    """Says whether an endpoint answers a request: "" is every method, and a path that
    ends in a slash everything below."""
    return method in ("", request.method) and (path == request.path or path.endswith("/") and request.path.startswith(path))
