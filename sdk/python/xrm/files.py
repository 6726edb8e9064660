"""Files of records, as streams."""

import dataclasses
import io
from typing import Any, BinaryIO, Iterator, Union

from ._pb import plugin_pb2 as pb
from .connection import cut
from .errors import check
from .wire import MAX_PART


@dataclasses.dataclass(frozen=True)
class File:
    """Is what a record says of a file, in a field of type file. To put one into a
    record, its id is enough."""

    id: str
    name: str = ""
    size: int = 0
    media_type: str = ""
    sha256: str = ""


def said(f: pb.File) -> File:
    return File(f.id, f.name, f.size, f.media_type, f.sha256)


class OpenFile(io.RawIOBase):
    """Reads the content of a file as it comes. Its end is the end of the whole file: what
    breaks off raises an error. file says which one it is."""

    def __init__(self, answers: Iterator[pb.ReadFileResponse]) -> None:
        self._answers, self._rest = answers, b""
        self.file = said(check(next(answers)).file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            part = next(self._answers, None)
            if part is None:
                return 0
            self._rest = check(part).data
        n = min(len(buffer), len(self._rest))
        buffer[:n], self._rest = self._rest[:n], self._rest[n:]
        return n

    def close(self) -> None:
        self._answers.close()  # type: ignore[attr-defined]  # it is a generator
        super().close()


def parts(head: pb.WriteFileHead, content: Union[bytes, BinaryIO]) -> Iterator[pb.WriteFileRequest]:
    yield pb.WriteFileRequest(head=head)
    if isinstance(content, (bytes, bytearray, memoryview)):
        for part in cut(bytes(content)):
            yield pb.WriteFileRequest(data=part)
        return
    while True:
        part = content.read(MAX_PART)
        if not part:
            return
        yield pb.WriteFileRequest(data=part)
