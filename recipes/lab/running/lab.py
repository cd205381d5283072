"""A run of one recipe: what its `experiment(lab)` is handed."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recipes.lab import files
from recipes.lab.catalog import Recipe
from recipes.lab.errors import LabError, nearest
from recipes.lab.evidence import verdicts
from recipes.lab.evidence.verdicts import Holds, Verdict
from recipes.lab.reporting.console import Output
from recipes.lab.running import environment
from recipes.lab.running.run_folder import JoinedFolder, RunFolder


class Lab:
    """The bench of one run: settings, data, seeds, verdicts, figures, tables.

    Args:
        recipe: What is run.
        settings: An instance of the recipe's `Settings`.
        folder: Where everything is kept.
        data_dir: The folder of prepared data; None for TFDS_DATA_DIR.
        download: Whether absent data may be fetched.
        precision: What `--precision` says.
        smoke: Whether this is a smoke run.
        output: What a person sees.
        part: Which of how many processes that share the run this is.
        alone: Ends the other ones.

    Attributes:
        settings: The recipe's frozen `Settings` of this run.
        seeds: The seeds of this run, `range(settings.seeds)`.
        smoke: Whether this is a smoke run: everything tiny, nothing judged.
        alone: Call it before times are measured: from there on no other process
            takes part in the run.
    """

    def __init__(
        self,
        recipe: Recipe,
        settings: Any,
        folder: RunFolder | JoinedFolder,
        *,
        data_dir: str | None = None,
        download: bool = False,
        precision: str = "auto",
        smoke: bool = False,
        output: Output | None = None,
        part: tuple[int, int] = (0, 1),
        alone: Callable[[], None] = lambda: None,
    ):
        self.recipe, self.settings, self.smoke = recipe, settings, smoke
        self.folder, self._part, self.alone = folder, part, alone
        self.seeds = range(getattr(settings, "seeds", 1))
        self.output = output or Output()
        self._data_dir, self._download = data_dir, download
        self._requested_precision = precision
        self._precision: dict[str, dict] = {}
        self._data: dict = {}
        self._verdicts: dict[str, Verdict] = {}
        self._tables: list[dict] = []
        self._figures: list[dict] = []
        self._history: list[dict] = []
        self._started, self._called = time.time(), _first_call_seconds()

    # What an experiment reads ------------------------------------------------

    def data(self, name: str | None = None):
        """Returns a data set: the one of the setting `data`, or the one named."""
        from recipes.lab.data import sets

        name = name or getattr(self.settings, "data", None)
        if name is None:
            raise LabError(f"{self.recipe.name} has no setting 'data': name a set.")
        if name in sets.PREPARED and self.output.live:
            self.output.line(f"loading {name} ...")
        loaded = sets.load(name, self._data_dir, self._download)
        self._data[name] = loaded.checksum
        return loaded

    def precision(self, family: str) -> str:
        """Sets the precision for "dense", "convolutional" or "recurrent" models.

        Until this is called everything runs in float32, also where `--precision`
        asks for something else: exact checks come before, trainings after.

        Returns:
            The name of the Keras dtype policy that is now in force.
        """
        import keras

        from recipes.lab.training.precision import choose

        choice = choose(self._requested_precision, family)
        keras.config.set_dtype_policy(choice.policy)
        if family not in self._precision:
            self._precision[family] = dict(vars(choice))
            told = f"Precision ({family}): {choice.policy}. {choice.reason}"
            self.output.paragraph(told)
        return choice.policy

    # What an experiment runs -------------------------------------------------

    def sweep(
        self,
        train: Callable[[Any, int], Mapping],
        cases: Sequence[str] | Mapping[str, Any],
        *,
        seeds: Sequence[int] | None = None,
        title: str = "runs",
    ) -> dict[str, list[dict]]:
        """Runs every case with every seed; finished ones survive an interruption.

        Random states are set from the seed before each call, so that its result is
        the same whatever ran before.

        Args:
            train: `train(case, seed)` returns plain data: numbers, lists, dicts.
                An entry `history` (metric to one number an epoch, as in
                `History.history`) also goes into `history.csv`.
            cases: Names, or a mapping from names to what `train` is called with.
            seeds: Defaults to the run's seeds.
            title: What the progress says; unique within a recipe.

        Returns:
            For each case's name the results, in the order of the seeds.

        Raises:
            Exception: The first that `train` raised; see `sweep.run_members`.
        """
        from recipes.lab.running.sweep import run_members

        cases = cases if isinstance(cases, Mapping) else {case: case for case in cases}
        seeds = self.seeds if seeds is None else seeds
        results: dict[str, list[dict]] = {name: [] for name in cases}
        found = run_members(
            train,
            cases,
            seeds,
            title=title,
            key=f"{sorted(self._data.items())}",
            members=self.folder.members,
            output=self.output,
            part=self._part,
        )
        for (name, seed), value in found.items():
            results[name].append(value)
            self._history += _epochs(title, name, seed, value.get("history"))
        return results

    # What an experiment says -------------------------------------------------

    def verdict(
        self, claim: str, holds: Holds, *, evidence: Mapping, note: str = ""
    ) -> None:
        """States a claim's verdict.

        Args:
            claim: An id of the recipe's `CLAIMS`.
            holds: True, False, None (this run can't tell), or a mapping from each
                condition tried to one of these; see `verdicts.judge`.
            evidence: What was measured: names with their units to plain data.
            note: One sentence that a reader needs: what was seen, and what is
                right where the claim is not. Required unless the claim held.

        Raises:
            LabError: The claim is unknown or judged already, or the note missing.
        """
        if claim not in self.recipe.claims:
            hint = nearest(claim, list(self.recipe.claims))
            raise LabError(f"{self.recipe.name} makes no claim '{claim}'.{hint}")
        if claim in self._verdicts:
            raise LabError(f"the claim '{claim}' was judged already.")
        kind, conditions = verdicts.judge(holds)
        if kind != verdicts.SUPPORTED and not note:
            raise LabError(f"the claim '{claim}' is {kind}: a note must say why.")
        if self.smoke:
            kind = verdicts.NOT_JUDGED
        self._verdicts[claim] = Verdict(
            claim,
            self.recipe.claims[claim],
            kind,
            files.plain({**conditions, **evidence}),
            note,
        )

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence]):
        """Prints a table and keeps it for the report; cells are text or numbers."""
        cells = [[_cell(value) for value in row] for row in rows]
        self._tables.append({"title": title, "columns": list(columns), "rows": cells})
        self.output.table(title, columns, cells)

    def figure(self, name: str, figure, caption: str) -> None:
        """Saves a figure as `figures/<name>.png`; the caption is also its alt text."""
        from recipes.lab.evidence import figures

        self.folder.write(f"figures/{name}.png", figures.png(figure))
        self._figures.append({"file": f"figures/{name}.png", "caption": caption})

    # The end -----------------------------------------------------------------

    def finish(self) -> dict:
        """Writes the results and says the verdicts; returns the result."""
        from recipes.lab.reporting import report

        missing = [claim for claim in self.recipe.claims if claim not in self._verdicts]
        if missing:
            raise LabError(f"no verdict was stated for: {', '.join(missing)}.")
        result = self._result()
        if not self._precision and self._requested_precision not in ("auto", "float32"):
            self.output.paragraph(
                f"Everything ran in float32: {self.recipe.name} has nothing to train "
                f"in {self._requested_precision}."
            )
        if self._history:
            self.folder.write("history.csv", report.csv(self._history))
        self.folder.write("report.md", report.markdown(result))
        self.folder.finish(result)
        self.output.verdicts(result)
        told = f"{result['seconds']:.0f} s"
        if result["first_call_seconds"] >= 1:
            told += f", {result['first_call_seconds']:.0f} of them to trace and compile"
        self.output.line(f"Results ({told}): {self.folder.path}")
        return result

    def _result(self) -> dict:
        recipe, identity = self.recipe, self.folder.identity
        compiling = _first_call_seconds() - self._called
        ordered = [self._verdicts[claim] for claim in recipe.claims]
        return files.plain(
            {
                "schema": 1,
                "recipe": recipe.name,
                "topic": recipe.topic,
                "title": recipe.title,
                "notes": recipe.header.get("Notes", ""),
                "smoke": self.smoke,
                "settings": identity["settings"],
                "seeds": list(self.seeds),
                "data": self._data,
                "precision": self._precision,
                "backend": identity["backend"],
                "versions": identity["versions"],
                "device": environment.device(),
                "processes": self._part[1],
                "git_commit": environment.git_commit(),
                "started": time.strftime(
                    "%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._started)
                ),
                "seconds": round(time.time() - self._started, 1),
                "first_call_seconds": round(compiling, 1),
                "claims": [verdict.as_dict() for verdict in ordered],
                "tables": self._tables,
                "figures": self._figures,
            }
        )


def _first_call_seconds() -> float:
    """What tracing and compiling took in this process; 0 where Keras isn't loaded."""
    module = sys.modules.get("recipes.lab.training.resident_function")
    return module.ResidentFunction.first_call_seconds if module else 0.0


def _cell(value) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _epochs(title: str, case: str, seed: int, history) -> list[dict]:
    """A row for each epoch of a training; none where it kept no history."""
    if not isinstance(history, dict):
        return []
    told = {"experiment": title, "case": case, "seed": seed}
    return [
        {**told, "epoch": epoch + 1}
        | {name: found[epoch] for name, found in history.items() if epoch < len(found)}
        for epoch in range(max(map(len, history.values()), default=0))
    ]
