"""What a lesson's functions are handed: settings, seeds, data, sweeps, figures."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recipes.lab.data import sets
from recipes.lab.errors import LabError, UsageError
from recipes.lab.evidence.claims import read_sets
from recipes.lab.evidence.numbers import readable, thousands
from recipes.lab.reporting.card import titled
from recipes.lab.reporting.console import Output
from recipes.lab.running import choosing, environment, member
from recipes.lab.running.sources import Sources
from recipes.lab.running.sweep import Trainings, check_function, reads_data
from recipes.lab.training.seeding import reseed

TUNING = 10_000  # the first seed on which settings are chosen


def seeds_from(first: int, count: int) -> range:
    """Returns the seeds of a run.

    Raises:
        UsageError: They meet those on which settings are chosen.
    """
    if isinstance(first, bool) or not isinstance(first, int) or first < 0:
        raise UsageError(f"the first seed must be a whole number from 0, not {first}.")
    if first + count > TUNING:
        raise UsageError(
            f"with {count} seeds the first must be at most {TUNING - count}, not "
            f"{first}: those from {TUNING} on are for choosing rates."
        )
    return range(first, first + count)


class Lab:
    """The bench of one run.

    Attributes:
        settings: The recipe's frozen `Settings` of this run.
        seeds: The seeds that claims are judged on: as many as `settings.seeds`, from 0
            or `--first-seed`.
        tuning_seeds: As many others, for choosing rates and other settings.
        smoke: Whether this is a smoke run: everything tiny, nothing judged.
    """

    def __init__(
        self,
        settings: Any,
        trainings: Trainings,
        output: Output,
        *,
        precision: str = "auto",
        smoke: bool = False,
        first_seed: int = 0,
    ):
        self.settings, self.smoke = settings, smoke
        count = getattr(settings, "seeds", 1)
        self.seeds = seeds_from(first_seed, count)
        self.tuning_seeds = range(TUNING, TUNING + count)
        self._trainings, self._output, self._requested = trainings, output, precision
        self._lesson: Path | None = None
        self._sources: Sources | None = None
        self._loaded: dict[str, str] = {}
        self._precisions: dict[str, dict] = {}
        self._tables: list[dict] = []
        self._figures: dict[str, dict] = {}
        self._histories: list[dict] = []

    choose = choosing.choose

    def more_seeds(self, times: int) -> range:
        """Returns `seeds` and those after them, `times` as many, for what costs little.

        Args:
            times: How many times as many; at least 1.
        """
        return seeds_from(self.seeds.start, times * len(self.seeds))

    def data(self, name: str | None = None):
        """Returns a data set: the one of the setting `data`, or the one named."""
        name = name or self._chosen()
        loaded = member.load_data(name, self._trainings.data_dir)
        self._loaded[name] = loaded.checksum
        read_sets(self).add(name)
        return loaded

    @property
    def like_digits(self) -> str:
        """The set of the setting `data` with images as few and small as the digits.

        A lesson whose network and budget are made for the digits trains on this.
        """
        return sets.like_digits(self._chosen())

    def _chosen(self) -> str:
        name = getattr(self.settings, "data", None)
        if name is None:
            raise LabError("the recipe has no setting 'data': name a data set.")
        return name

    def sweep(
        self,
        train: Callable[[Any, int, Any], Mapping],
        cases: Sequence[str] | Mapping[str, Any],
        *,
        data: str | None = None,
        precision: str = "dense",
        seeds: Sequence[int] | None = None,
        title: str | None = None,
    ) -> dict[str, list[dict]]:
        """Trains every case with every seed; what was trained before is not again.

        Args:
            train: A function of a module's top level: `train(case, seed, data)`
                returns a dictionary of plain data, and depends on nothing else. Its
                entry `history` (metric to one number an epoch) also goes into
                `history.csv`.
            cases: Names, or a mapping from names to what `train` is called with: plain
                data, with every setting that matters in it.
            data: The name of a data set; by default the setting `data`, where there is
                one. A `train` that does not read its `data` gets None.
            precision: The family of models, "dense", "convolutional" or "recurrent",
                that `--precision auto` chooses for; or "float32" for that.
            seeds: By default the run's seeds.
            title: What the progress says; by default the function's name.

        Returns:
            For each case's name the results, in the order of the seeds.

        Raises:
            LabError: `train` is no function of a module's top level, a case is not
                plain data, or trainings failed.
        """
        check_function(train)
        cases = cases if isinstance(cases, Mapping) else {case: case for case in cases}
        data = data or getattr(self.settings, "data", None)
        data = data if reads_data(train) else None
        checksum = None if data is None else self.data(data).checksum
        title = title or train.__name__.strip("_").replace("_", " ")
        if self._lesson is None or self._sources is None:
            raise LabError("a sweep belongs to a lesson: none is being run.")
        chosen = list(self.seeds if seeds is None else seeds)
        results = self._trainings.sweep(
            train,
            {str(name): case for name, case in cases.items()},
            chosen,
            data=data,
            checksum=checksum,
            policy=self._policy(precision),
            title=title,
            lesson=self._lesson,
            sources=self._sources,
        )
        reseed(0)  # trainings in this process leave no trace in what follows
        for name, found in results.items():
            for seed, value in zip(chosen, found, strict=True):
                self._histories += epochs(title, name, seed, value.get("history"))
        return dict(zip(cases, results.values(), strict=True))

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence]):
        """Prints a table and keeps it for the report; cells are text or numbers."""
        cells = [[_cell(value) for value in row] for row in rows]
        columns = [str(column) for column in columns]
        title, lesson = readable(title), self._lesson.stem if self._lesson else ""
        self._tables.append(
            {"title": title, "lesson": lesson, "columns": columns, "rows": cells}
        )
        self._output.table(titled(self._tables[-1]), columns, cells)

    def figure(self, name: str, figure: Any, caption: str) -> None:
        """Keeps a figure.

        Args:
            name: Of its file, unique in the recipe.
            figure: A matplotlib figure.
            caption: One sentence; also its text for those who can't see it.
        """
        if name in self._figures:
            raise LabError(f"two figures have the name '{name}'.")
        self._figures[name] = {"figure": figure, "caption": readable(caption)}

    def _enter(self, lesson: Path, sources: Sources) -> None:
        """From here on trainings are those of this lesson."""
        self._lesson, self._sources = lesson, sources

    def _policy(self, family: str) -> str:
        from recipes.lab.training import precision

        if family == "float32":
            return "float32"
        hardware = None
        if not environment.accelerator_files():  # nothing to ask a backend for
            flags = precision.cpu_flags()
            hardware = precision.Hardware(environment.backend(), None, flags)
        choice = precision.choose(self._requested, family, hardware)
        if family not in self._precisions:
            self._precisions[family] = dict(vars(choice))
            told = f"Precision ({family}): {choice.policy}. {choice.reason}"
            self._output.paragraph(told)
        return choice.policy


def epochs(title: str, case: str, seed: int, history) -> list[dict]:
    """A row for each epoch of a training; none where it kept no history.

    Metrics that have a number for some epochs only are left out.
    """
    if not isinstance(history, dict) or not history:
        return []
    shared = {"experiment": title, "case": case, "seed": seed}
    count = max(map(len, history.values()))
    whole = {name: seen for name, seen in history.items() if len(seen) == count}
    return [
        {**shared, "epoch": epoch + 1} | {n: seen[epoch] for n, seen in whole.items()}
        for epoch in range(count)
    ]


def _cell(value) -> str:
    return thousands(f"{value:.4g}") if isinstance(value, float) else str(value)
