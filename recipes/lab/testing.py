"""For tests of lessons: a lab that records, and runs that leave nothing."""

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recipes.lab import catalog
from recipes.lab.data import sets
from recipes.lab.evidence import judging
from recipes.lab.evidence.claims import Finding
from recipes.lab.running import choosing, member
from recipes.lab.training.seeding import reseed


class RecordingLab:
    """Stands in for `lab`: trains in this process, keeps nothing, records the rest.

    Args:
        settings: Values of the recipe's settings; others have their defaults.
        recipe: The recipe's name, for its defaults; "" for a lesson of a test.
        smoke: Whether this is a smoke run, with the recipe's `SMOKE` settings.

    Attributes:
        tables: Title to (columns, rows), as a lesson gave them.
        figures: Name to (figure, caption).
        sweeps: For each sweep (training function, cases, seeds).
    """

    def __init__(self, recipe: str = "", *, smoke: bool = False, **settings: Any):
        values: dict[str, Any] = {}
        if recipe:
            found = catalog.find(recipe)
            values = {one.name: one.default for one in found.fields}
            values |= found.smoke if smoke else {}
        self.settings = types.SimpleNamespace(**{**values, **settings})
        count = getattr(self.settings, "seeds", 1)
        self.seeds, self.tuning_seeds = range(count), range(10_000, 10_000 + count)
        self.smoke = smoke
        self.tables: dict[str, tuple] = {}
        self.figures: dict[str, tuple] = {}
        self.sweeps: list[tuple] = []

    choose = choosing.choose

    def more_seeds(self, times: int) -> range:
        """Returns `seeds` and those after them, `times` as many, as the lab does."""
        return range(times * len(self.seeds))

    @property
    def like_digits(self) -> str:
        """The set of the setting `data`, as small as the digits, as the lab has it."""
        return sets.like_digits(getattr(self.settings, "data", "digits"))

    def data(self, name: str | None = None):
        """Returns a data set, as the lab does."""
        return member.load_data(name or self.settings.data, None)

    def sweep(
        self,
        train: Callable,
        cases: Sequence[str] | Mapping[str, Any],
        *,
        data: str | None = None,
        precision: str = "dense",
        seeds: Sequence[int] | None = None,
        title: str | None = None,
    ) -> dict[str, list[dict]]:
        """Trains every case with every seed in this process, in float32."""
        cases = cases if isinstance(cases, Mapping) else {case: case for case in cases}
        seeds = list(self.seeds if seeds is None else seeds)
        self.sweeps.append((train, dict(cases), seeds))
        name = data or getattr(self.settings, "data", None)
        loaded = None if name is None else self.data(name)
        results: dict[str, list[dict]] = {name: [] for name in cases}
        with member.configured("float32"):
            for seed in seeds:
                for case, value in cases.items():
                    reseed(seed)
                    results[case].append(train(value, seed, loaded))
        return results

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence]):
        """Records a table."""
        self.tables[title] = (list(columns), [list(row) for row in rows])

    def figure(self, name: str, figure: Any, caption: str) -> None:
        """Records a figure."""
        self.figures[name] = (figure, caption)


def judged(function: Callable[[Any], Finding], lab: Any) -> dict[str, Any]:
    """Decides one claim as a run does.

    Args:
        function: A lesson's claim.
        lab: A `RecordingLab`.

    Returns:
        `verdict`, `holds`, `fails`, `undecided`, `note`, `decisions`, `numbers`.
    """
    with member.configured("float32"):
        return judging.judge(function.claim, function(lab))
