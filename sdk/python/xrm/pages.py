"""Pages that people see of a plugin in a browser."""

import hashlib
import pathlib
import urllib.parse
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from .http import Response

PATH = "/.pages/"


@dataclass(frozen=True)
class Page:
    """Is a folder of static files with an index.html."""

    name: str
    title: str
    needs: Tuple[str, ...]
    for_everybody: bool
    folder: pathlib.Path

    def files(self) -> Dict[str, pathlib.Path]:
        """Is each file by its path within the folder."""
        found = sorted(f for f in self.folder.rglob("*") if f.is_file())
        return {f.relative_to(self.folder).as_posix(): f for f in found}

    def digest(self) -> str:
        total = hashlib.sha256()
        for name, file in self.files().items():
            content = file.read_bytes()
            total.update(f"{len(name.encode())} {name} {len(content)} ".encode() + content)
        return total.hexdigest()[:32]


def answer(pages: List[Page], target: str) -> Optional[Response]:
    """Hands out a file of a page, or None for a request for something else. Only what was
    found in the folder has a name there, so no name leads out of it."""
    path = urllib.parse.unquote(urllib.parse.urlsplit(target).path)
    if not path.startswith(PATH):
        return None
    name, _, file = path[len(PATH):].partition("/")
    found = next((p.files().get(file) for p in pages if p.name == name), None)
    return Response("There is no such file.", 404) if found is None else Response(found.read_bytes())
