"""What a worker must have in common with the leader, or its numbers could differ.

It is what the key of a training holds: code, versions, machine, data.
"""

import functools
import hashlib
from dataclasses import asdict, dataclass

from recipes.lab import files
from recipes.lab.catalog.reach import HOME, is_ours
from recipes.lab.data import sets
from recipes.lab.errors import counted
from recipes.lab.running import keys, sources
from recipes.lab.running.member import Task
from recipes.lab.running.sources import Sources

DIGITS = 12  # of a digest, as it is shown
SHOWN = 4  # differences


@dataclass(frozen=True)
class Agreement:
    """Plain data that the leader sends along.

    Attributes:
        facts: What it has, by names for a reader.
        modules: Top-level names of other packages whose versions count.
        places: The project's files that count, by their place in it.
        data: The name of the data set, and where prepared sets are; or None.
    """

    facts: dict[str, str]
    modules: tuple[str, ...]
    places: tuple[str, ...]
    data: tuple[str, str | None] | None

    @functools.cached_property
    def digest(self) -> str:
        """Of everything."""
        return hashlib.sha256(files.canonical(asdict(self)).encode()).hexdigest()

    def difference(self) -> str:
        """Says how this process differs from the leader; "" where it does not.

        Raises:
            LabError: It does not have the data.
        """
        found = _machine(self.modules)
        lab = sources.of_the_lab()
        found |= {f"the code of {one}": _code(one) for one in self.places}
        found["the code of recipes/lab"] = lab[:DIGITS]
        if self.data is not None:
            found[f"the data '{self.data[0]}'"] = _checksum(*self.data)
        return _told(self.facts, found)


def with_leader(lesson: Sources, task: Task) -> Agreement:
    """Returns what a worker must agree with to train a member.

    Args:
        lesson: What the leader has read.
        task: A member of a sweep; the others differ in case and seed only.
    """
    ours = sorted(path for path in lesson.texts if is_ours(path))
    places = {str(sources.place_of(path)): lesson.texts[path] for path in ours}
    modules = tuple(sorted(lesson.outside))
    facts = _machine(modules)
    facts |= {f"the code of {one}": _digest(text) for one, text in places.items()}
    facts["the code of recipes/lab"] = lesson.lab[:DIGITS]
    data = None
    if task.data is not None:
        data = (task.data, task.data_dir)
        facts[f"the data '{task.data}'"] = str(task.checksum)
    return Agreement(facts, modules, tuple(places), data)


def _machine(modules: tuple[str, ...]) -> dict[str, str]:
    found = keys.machine()
    versions = keys.versions({*modules})
    return {
        "the backend": found["backend"],
        "the version of Python": found["python"],
        **{f"the version of {name}": one for name, one in versions.items()},
        "the processor": found["processor"],
        "the system": found["architecture"],
        "the accelerators": ", ".join(found["accelerators"]) or "none",
        **{f"the variable {name}": one for name, one in found["variables"].items()},
    }


@functools.cache
def _checksum(name: str, data_dir: str | None) -> str:
    return sets.load(name, data_dir).checksum


def _code(place: str) -> str:
    try:
        return _digest((HOME / place).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return "absent"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _told(wanted: dict[str, str], found: dict[str, str]) -> str:
    """Both values of what differs: "the backend is jax, not tensorflow"."""
    absent = "unset"  # only of variables is one side without the other
    told = [
        f"{name} is {found.get(name, absent)}, not {wanted.get(name, absent)}"
        for name in {**wanted, **found}
        if wanted.get(name) != found.get(name)
    ]
    more = len(told) - SHOWN
    rest = [f"and {counted(more, 'difference')} more"] if more > 0 else []
    return "; ".join([*told[:SHOWN], *rest])
