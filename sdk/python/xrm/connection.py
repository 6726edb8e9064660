"""Hosts outside, by way of xrm."""

import socket
import threading
from dataclasses import dataclass
from typing import Any, Iterator, Tuple

from ._pb import plugin_pb2 as pb
from .errors import check
from .wire import MAX_PART


@dataclass(frozen=True)
class Answer:
    """Is an HTTP answer."""

    status: int
    headers: Tuple[Tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Is the first value of a header, whatever its case; "" for none."""
        return next((value for one, value in self.headers if one.lower() == name.lower()), "")


def cut(body: bytes) -> Iterator[bytes]:
    """Cuts a body into parts as the wire has them."""
    for at in range(0, len(body), MAX_PART):
        yield body[at:at + MAX_PART]


def parts(head: pb.HTTPRequestHead, body: bytes) -> Iterator[pb.HTTPRequest]:
    yield pb.HTTPRequest(head=head)
    for part in cut(body):
        yield pb.HTTPRequest(body=part)


def fetch(answers: Iterator[pb.HTTPResponse]) -> Answer:
    head, body = pb.HTTPResponseHead(), []
    for part in answers:
        if part.HasField("error"):
            check(part)
        if part.HasField("head"):
            head = part.head
        else:
            body.append(part.body)
    return Answer(head.status, tuple((h.name, h.value) for h in head.headers), b"".join(body))


def dial(host: Any, to: pb.DialTo) -> socket.socket:
    """Returns one end of a pair of sockets; two threads carry the bytes between the
    other end and the host."""
    ours, carried = socket.socketpair()

    def sent() -> Iterator[pb.DialRequest]:
        yield pb.DialRequest(to=to)
        while True:
            try:
                data = carried.recv(MAX_PART)
            except OSError:
                return
            if not data:
                return
            yield pb.DialRequest(data=data)

    answers = host._stream("Dial", sent())
    try:
        check(next(answers))  # that it is open, or why not
    except BaseException:
        ours.close()
        carried.close()
        raise

    def receive() -> None:
        try:
            for part in answers:
                carried.sendall(check(part).data)
        except BaseException:  # it has broken; who reads sees an end
            pass
        finally:
            carried.close()

    threading.Thread(target=receive, daemon=True).start()
    return ours
