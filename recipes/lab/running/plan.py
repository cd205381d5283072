"""What a run is before anything of it is imported: options, sources, key."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recipes.lab.catalog import Recipe
from recipes.lab.catalog.reach import HOME, Walk
from recipes.lab.reporting.card import titled
from recipes.lab.reporting.console import Output
from recipes.lab.reporting.results import SCHEMA
from recipes.lab.running import environment, folder, keys, sources
from recipes.lab.running.lab import seeds_from
from recipes.lab.running.sources import Sources


@dataclass
class Options:
    """The lab's own flags of a run.

    Attributes:
        out: The folder of results.
        data_dir: Where prepared data sets are; None for TFDS_DATA_DIR.
        download: Whether absent data may be fetched.
        precision: What `--precision` says.
        smoke: Whether this is a smoke run.
        fresh: Whether everything runs anew, whatever is kept.
        first_seed: The first of the seeds that claims are judged on.
        jobs: How many processes train; 1 trains in this one.
        store: Where trainings are kept; None for the user's cache folder.
        cluster: The cluster that trains, "tcp://HOST:PORT" or "local:N"; None for this
            machine's processes.
        temporary: Whether `out` is deleted when this process ends.
    """

    out: Path = Path("runs")
    data_dir: str | None = None
    download: bool = False
    precision: str = "auto"
    smoke: bool = False
    fresh: bool = False
    first_seed: int = 0
    jobs: int = 1
    store: Path | None = None
    cluster: str | None = None
    temporary: bool = False


@dataclass
class Finished:
    """A run that reached its end.

    Attributes:
        result: What `result.json` holds.
        folder: Where it is kept.
        figures: Name to matplotlib figure, of a run that was not kept already.
    """

    result: dict
    folder: Path
    figures: dict[str, Any] = field(default_factory=dict)


class Plan:
    """What is to be run, before anything of it is imported.

    Args:
        recipe: A whole recipe, or one lesson or claim of it.
        given: The settings that were given.
        options: The lab's own flags.

    Attributes:
        values: All settings.
        reached: Each lesson's file with the sources that it reaches.
        key: Equal for two runs that must give equal results.

    Raises:
        UsageError: The seeds are not allowed.
        LabError: The backend is unknown, a data set is absent, a file can't be read,
            or a module is loaded that has other code than its file.
    """

    def __init__(self, recipe: Recipe, given: dict, options: Options):
        environment.require_backend()
        self.recipe, self.given, self.options = recipe, given, options
        self.values = {one.name: one.default for one in recipe.fields}
        self.values |= {**(recipe.smoke if options.smoke else {}), **given}
        seeds_from(options.first_seed, self.values.get("seeds", 1))
        _require_data(self.values, options)
        walk = Walk()
        self.reached = {one.path: Sources([one.path], walk) for one in recipe.lessons}
        self.key = _run_key(recipe, self.values, options, self.reached)

    @property
    def root(self) -> Path:
        """The folder of the recipe's runs."""
        return self.options.out / self.recipe.name

    def kept(self) -> Finished | None:
        """Returns the kept result of an equal run, None where there is none."""
        found = None if self.options.fresh else folder.find(self.root, self.key)
        return None if found is None else Finished(found[1], found[0])


def show_kept(plan: Plan, kept: Finished, output: Output) -> None:
    """Prints the result of a run that was kept."""
    output.heading(plan.recipe, plan.values, plan.options.smoke)
    for one in kept.result["tables"]:
        output.table(titled(one), one["columns"], one["rows"])
    output.result(kept.result)
    output.line(f"This run was kept: {kept.folder} (--fresh runs it anew)")


def _run_key(recipe: Recipe, values: dict, options: Options, reached: dict) -> str:
    lab = {
        path: path.read_text(encoding="utf-8")
        for path in (HOME / "recipes" / "lab").rglob("*.py")
    }
    header = {recipe.path: recipe.path.read_text(encoding="utf-8")}
    outside = {name for one in reached.values() for name in one.outside}
    return keys.run_key(
        {
            "claims": list(recipe.claims),
            "header": sources.digest(header),
            "lessons": [one.digest for one in reached.values()],
            "lab": sources.digest(lab),
            "settings": values,
            "first_seed": options.first_seed,
            "precision": options.precision,
            "smoke": options.smoke,
            "data": _data_state(values.get("data"), options.data_dir),
            "machine": keys.machine(),
            "packages": keys.versions(outside),
            "schema": SCHEMA,
        }
    )


def _data_state(name: str | None, data_dir: str | None) -> str:
    """Changes with the files of a prepared set; of others the code is the state."""
    from recipes.lab.data import cache, prepared, sets

    if name not in sets.PREPARED:
        return ""
    return cache.state(prepared.folder(data_dir) / name)


def _require_data(values: dict, options: Options) -> None:
    """Refuses or fetches a set that is absent, before anything is loaded."""
    from recipes.lab.data import prepared, sets

    name = values.get("data")
    if name in sets.PREPARED:
        prepared.require(name, options.data_dir, options.download)
        if options.download and not prepared.is_here(name, options.data_dir):
            sets.load(name, options.data_dir, download=True)
