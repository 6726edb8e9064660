"""What is broadcast, handed to all in this process who listen."""

import collections
import threading
from typing import Any, Deque, Dict, Iterator, Set

from .errors import Unavailable
from .values import decode

KEEPS_UP = 256
"""How much one that listens may leave lying."""


class Ears:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on: Dict[str, Set["Ear"]] = collections.defaultdict(set)

    def open(self, topic: str) -> "Ear":
        ear = Ear(self, topic)
        with self._lock:
            self._on[topic].add(ear)
        return ear

    def close(self, ear: "Ear") -> None:
        with self._lock:
            self._on[ear.topic].discard(ear)
            if not self._on[ear.topic]:
                del self._on[ear.topic]
        ear.end()

    def hear(self, heard: Any, missed: bool) -> None:
        """Waits for nobody."""
        with self._lock:
            if missed:
                for ears in self._on.values():
                    for ear in ears:
                        ear.lose()
            for one in heard:
                for ear in self._on.get(one.topic, ()):
                    ear.tell(one.value)


class Ear:
    """Hears one topic, from the moment on when it was opened. It ends with its call;
    who has missed something gets Unavailable, and begins anew."""

    def __init__(self, ears: Ears, topic: str) -> None:
        self.topic, self._ears = topic, ears
        self._news = threading.Condition()
        self._values: Deque[bytes] = collections.deque()
        self._missed = self._ended = False

    def tell(self, value: bytes) -> None:
        with self._news:
            if len(self._values) == KEEPS_UP:
                self._missed = True
            else:
                self._values.append(value)
            self._news.notify()

    def lose(self) -> None:
        with self._news:
            self._missed = True
            self._news.notify()

    def end(self) -> None:
        with self._news:
            self._ended = True
            self._news.notify()

    def close(self) -> None:
        self._ears.close(self)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        with self._news:
            self._news.wait_for(lambda: self._values or self._missed or self._ended)
            if self._ended:
                raise StopIteration
            if self._missed:
                raise Unavailable(f"Something that was told of {self.topic} was missed. Begin anew.")
            return decode(self._values.popleft())
