"""`run`: a recipe from a script, a notebook or a prompt, and what it returns."""

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from recipes.lab import catalog
from recipes.lab.catalog import settings
from recipes.lab.catalog.renamed_claims import current_id
from recipes.lab.errors import UsageError, nearest
from recipes.lab.reporting import published
from recipes.lab.reporting.card import card, leeway
from recipes.lab.reporting.console import Output
from recipes.lab.running import cells, threads, traces
from recipes.lab.running.cluster import address
from recipes.lab.running.execute import execute
from recipes.lab.running.plan import Options


@dataclass(eq=False, repr=False)
class Result:
    """What a run found.

    Attributes:
        verdicts: Claim id to its card: plain data with `verdict`, `holds`, `fails`,
            `undecided`, `seen`, `decisions`, `scope` and more.
        tables: Title to rows, each a dictionary of column to cell.
        figures: Name to matplotlib figure. Of a run that was kept: to its PNG's path.
        seconds: How long the run took when it was made.
        numbers: Claim id to everything that was measured for it.
        folder: Where the run is kept.
    """

    verdicts: dict[str, dict]
    tables: dict[str, list[dict]]
    figures: dict[str, Any]
    seconds: float
    numbers: dict[str, dict]
    folder: Path
    _result: dict

    def __repr__(self) -> str:
        lines = []
        for id, one in self.verdicts.items():
            word = f" ({found})" if (found := leeway(one)) else ""
            lines.append(
                f"{one['symbol']} {one['verdict']:<13}{id}{word}: {one['seen']}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from recipes.lab.reporting import page

        images = {
            figure["file"]: (self.folder / figure["file"]).read_bytes()
            for figure in self._result["figures"]
            if (self.folder / figure["file"]).is_file()
        }
        return page.cards_html(self._result, images, published.others(self._result))


@traces.readers_alone
def run(
    recipe: str | Path | ModuleType | FunctionType,
    *,
    claim: str | None = None,
    out: str | Path | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    data_dir: str | None = None,
    precision: str = "auto",
    smoke: bool = False,
    fresh: bool = False,
    first_seed: int = 0,
    quiet: bool = False,
    **given: Any,
) -> Result:
    """Runs a recipe, one of its lessons, or one claim.

    Trainings run in processes of their own, so that this one keeps its threads, its
    random state and Keras's configuration.

    Args:
        recipe: A name ("momentum"), a lesson ("momentum/ravine"), the id of a claim, a
            path to a file or folder, a module, or a function with `@claim`: that
            claim alone. The function may stand in a notebook's cell; the cell then
            holds all that it uses, with its `Settings` and `SMOKE`.
        claim: The one claim of it to decide; None for all.
        out: A folder for results; None for a temporary one.
        jobs: How many processes train; None for one a core, at most 4.
        cluster: The Dask cluster that trains in their place: "tcp://HOST:PORT" of its
            scheduler, or "local:N" for N processes of this machine.
        data_dir: Where prepared data sets are; None for TFDS_DATA_DIR.
        precision: "auto", "float32", "mixed_bfloat16" or "mixed_float16".
        smoke: Whether everything is tiny and nothing judged; always where the variable
            `RECIPES_SMOKE` is 1, as in tests of notebooks.
        fresh: Whether everything runs anew, whatever is kept.
        first_seed: The first of the seeds that claims are judged on.
        quiet: Whether nothing is printed.
        **given: The recipe's settings, as its `Settings` names them.

    Raises:
        UsageError: There is no such recipe, lesson, claim or setting, or a value is
            not allowed.
        LabError: The run can't go on.

    Example:
        >>> result = run("momentum/ravine", condition=10, quiet=True)
        >>> result.verdicts["momentum-accelerates"]["verdict"]
        'conditional'
    """
    chosen = _find(recipe)
    if claim is not None:
        if claim not in chosen.claims:
            hint = nearest(claim, list(chosen.claims))
            raise UsageError(f"{chosen.name} states no claim '{claim}'.{hint}")
        chosen = chosen.only(claim=claim)
    given = settings.checked(given, chosen.fields, chosen.name)
    settings.PRECISION.refuse(precision, "precision")
    if jobs is not None:
        settings.JOBS.refuse(jobs, "jobs")
    if cluster is not None:
        if jobs is not None:
            raise UsageError("give jobs or cluster: a cluster trains on its workers.")
        address.parse(cluster)
    if out == "":
        raise UsageError("out must name a folder, not ''.")
    folder = tempfile.mkdtemp(prefix="recipes-") if out is None else out
    options = Options(
        out=Path(folder),
        data_dir=data_dir,
        precision=precision,
        smoke=smoke or os.environ.get("RECIPES_SMOKE") == "1",
        fresh=fresh,
        jobs=max(2, jobs or threads.default_jobs()),
        first_seed=first_seed,
        cluster=cluster,
        temporary=out is None,
    )
    output = Output(silent=quiet)
    try:
        finished = execute(chosen, given, options, output)
    except BaseException as error:
        if out is None:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, UsageError):  # a recipe's own bounds name its flags
            told = re.sub(r"^--([a-z-]+)", _as_argument, str(error))
            raise UsageError(told) from None
        raise
    result = finished.result
    others = published.others(result)
    found = Result(
        verdicts={
            one["id"]: card(result, one, others.get(one["id"], ()))
            for one in result["claims"]
        },
        tables={one["title"]: _rows(one) for one in result["tables"]},
        figures=finished.figures
        or {f["name"]: finished.folder / f["file"] for f in result["figures"]},
        seconds=result["seconds"],
        numbers={one["id"]: one["numbers"] for one in result["claims"]},
        folder=finished.folder,
        _result=result,
    )
    if out is None:  # its figures are read from there as long as the result is used
        weakref.finalize(found, shutil.rmtree, folder, ignore_errors=True)
    return found


def _as_argument(flag: re.Match) -> str:
    return flag[1].replace("-", "_")


def _find(recipe: str | Path | ModuleType | FunctionType) -> catalog.Recipe:
    if isinstance(recipe, FunctionType):
        found = catalog.find(str(cells.file_of(recipe)))
        return found.only(claim=recipe.claim.id)
    if isinstance(recipe, ModuleType):
        file = getattr(recipe, "__file__", None)
        if file is None:
            raise UsageError(f"the module {recipe.__name__} has no file to run.")
        return catalog.find(str(file))
    name = str(recipe)
    known = catalog.recipes()
    id = current_id(name)
    if name not in known and any(id in one.claims for one in known.values()):
        return catalog.find_claim(name)
    return catalog.find(name)


def _rows(table: Mapping) -> list[dict]:
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
