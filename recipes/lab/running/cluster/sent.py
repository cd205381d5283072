"""A user's own files, on the way to machines that may not have them."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from recipes.lab import files
from recipes.lab.catalog.reach import HOME, is_ours
from recipes.lab.errors import LabError
from recipes.lab.running.member import Task
from recipes.lab.running.sources import Sources, place_of


@dataclass(frozen=True)
class Own:
    """The user's own files that a lesson reaches: plain data.

    Attributes:
        digest: Of all sources.
        texts: The path that a file has where the leader is, to its place beside the
            lesson and its text.
        beside: Whether all of them are imported from the lesson's folder.
    """

    digest: str
    texts: dict[str, tuple[str, str]]
    beside: bool

    def placed(self, task: Task, folder: Path) -> Task:
        """Returns a task with the paths of this machine; writes files that it lacks.

        Args:
            task: With the leader's paths, those of the project from its top.
            folder: A folder for files that are not here as the leader has them.
        """
        home = folder / "sent" / self.digest[:16]
        if self.beside and all(_has(path, text) for path, (_, text) in self._items()):
            home = None
        else:
            for _, (place, text) in self._items():
                if not _has(home / place, text):
                    files.write(home / place, text)

        def here(path: str) -> str:
            if path not in self.texts:
                return str(HOME / path)
            return path if home is None else str(home / self.texts[path][0])

        return replace(task, path=here(task.path), lesson=here(task.lesson))

    def _items(self):
        return self.texts.items()


def own_files(sources: Sources) -> Own:
    """Returns the files of a lesson that no worker can have with the project.

    Raises:
        LabError: Two would get one place.
    """
    texts: dict[str, tuple[str, str]] = {}
    taken: dict[Path, Path] = {}
    roots = set()
    for path in sources.texts:
        if is_ours(path):
            continue
        root = _root(path, sources.folder)
        roots.add(root)
        place = path.relative_to(root)
        if taken.setdefault(place, path) != path:
            raise LabError(
                f"{path} and {taken[place]} can't both be sent to the cluster's "
                "workers: give one of them another name."
            )
        texts[str(path)] = (place.as_posix(), sources.texts[path])
    return Own(sources.digest, texts, roots <= {sources.folder})


def from_the_top(task: Task) -> Task:
    """Returns a task without the leader's folders, where that can be.

    Paths of the project's files become their places in it; no path is relative to the
    current folder.
    """

    def place(path: str) -> str:
        found = Path(path).resolve()
        return str(place_of(found) if is_ours(found) else found)

    data_dir = None if task.data_dir is None else str(Path(task.data_dir).resolve())
    paths = {"path": place(task.path), "lesson": place(task.lesson)}
    return replace(task, **paths, data_dir=data_dir)


def _root(path: Path, folder: Path) -> Path:
    """The folder from which a module is imported: the lesson's, or one on the path."""
    known = [folder, *(Path(one).resolve() for one in sys.path if one)]
    around = [one for one in known if path.is_relative_to(one)]
    if around:
        return max(around, key=lambda one: len(one.parts))
    folder = path.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _has(path: str | Path, text: str) -> bool:
    try:
        return Path(path).read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False
