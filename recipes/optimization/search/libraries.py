"""Libraries: a search that others have written, kept on file.

The notes recommend libraries for the search, and name Optuna, Ray Tune and Hyperopt.
Optuna comes with this project: each of its methods is asked to run here. The other two
are heavy; where they are not installed, nothing is said of them.

What a library is worth in practice is `on_file`: a search that lives in an SQLite file.
It goes on after it was stopped or killed, and several processes can work at it. Copy
the function; a search needs nothing else of this file.
"""

import importlib.util
import tempfile
from pathlib import Path

import numpy as np
import optuna

from recipes.lab import Finding, claim, main
from recipes.optimization.search._problems import study

RATES, UNITS = (0.01, 0.1, 1.0), (16, 32, 64)
TRIALS = 27


def on_file(path: str | Path, name: str, seed: int | None = None) -> optuna.Study:
    """Opens a search in a file, or begins it there.

    Every finished trial is in the file: call this again, in this process or in another
    one, and go on. A trial that ran when its process was killed stays "running" and is
    not repeated.

    Args:
        path: The SQLite file; its folder must exist. Not on a network file system.
        name: Of the search: a file holds many.
        seed: Of what is drawn. Give every process another one, or None: equal seeds
            propose equal trials.

    Returns:
        The study. `remaining` says how many trials are left to do.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(
        f"sqlite:///{Path(path).resolve()}",
        # Whoever finds the file in use waits for so many seconds.
        engine_kwargs={"connect_args": {"timeout": 60}},
    )
    return optuna.create_study(
        storage=storage,
        study_name=name,
        sampler=optuna.samplers.TPESampler(seed=seed),
        load_if_exists=True,
    )


def remaining(search: optuna.Study, trials: int) -> int:
    """How many of so many trials the file does not have yet, finished by anybody."""
    done = search.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    return max(0, trials - len(done))


def valley(trial) -> float:
    """A training would stand here: asks for its settings, returns its score."""
    rate = trial.suggest_float("rate", 1e-3, 10, log=True)
    momentum = trial.suggest_float("momentum", 0.0, 1.0)
    return float((np.log10(rate) / 4 - 0.05) ** 2 + (momentum - 0.7) ** 2)


def ran(search: optuna.Study) -> bool:
    """Whether all trials are done, and the best is the best of them.

    How good it is depends on luck, and is the question of other lessons.
    """
    values = [trial.value for trial in search.trials if trial.value is not None]
    return len(values) == TRIALS and search.best_value == min(values)


def stopped_and_resumed(folder: str | Path) -> tuple[list[int], int]:
    """Stops a search half way and opens it anew; the trials' numbers, and the rest."""
    path, half = Path(folder) / "search.db", TRIALS // 2
    on_file(path, "valley", seed=0).optimize(valley, n_trials=half)
    search = on_file(path, "valley", seed=1)
    left = remaining(search, TRIALS)
    search.optimize(valley, n_trials=left)
    return [trial.number for trial in search.trials], left


@claim(
    "hp-libraries",
    "Use a library for the search, such as Optuna, Ray Tune or Hyperopt: they have the "
    "methods built in and automate the search.",
    says="advice",
    notes="002",
    scope="Optuna on a known problem of two parameters; nothing is trained",
)
def libraries_search(lab):
    """Runs each method of Optuna; a library that is absent is not judged."""
    samplers = optuna.samplers
    spaces = {"rate": list(RATES), "units": list(UNITS)}
    grid = study(samplers.GridSampler(spaces, seed=0))
    grid.optimize(lambda trial: -trial.suggest_categorical("rate", RATES)
                  * trial.suggest_categorical("units", UNITS))  # fmt: skip
    found = {}
    for name, sampler in (
        ("random search", samplers.RandomSampler(seed=0)),
        ("Bayesian optimization (TPE)", samplers.TPESampler(seed=0)),
    ):
        search = study(sampler)
        search.optimize(valley, n_trials=TRIALS)
        found[name] = search
    with tempfile.TemporaryDirectory() as folder:
        numbers, left = stopped_and_resumed(folder)
    pruned = study(
        samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.HyperbandPruner(1, 9, 3),
        study_name="valley",  # decides which trial is stopped how early
    )
    pruned.optimize(_in_steps, n_trials=TRIALS)
    states = [trial.state for trial in pruned.trials]
    stops = states.count(optuna.trial.TrialState.PRUNED)
    others = {"Ray Tune": "ray", "Hyperopt": "hyperopt"}
    here = {name: importlib.util.find_spec(module) for name, module in others.items()}
    return Finding(
        {
            "Optuna: grid search": len(grid.trials) == 9
            and grid.best_params == {"rate": 1.0, "units": 64},
            **{f"Optuna: {name}": ran(search) for name, search in found.items()},
            "Optuna: Hyperband": 0 < stops < TRIALS,
            "Optuna: a search goes on from its file": numbers == list(range(TRIALS))
            and left == TRIALS - TRIALS // 2,
            # Whether they search well isn't asked: only that Python finds them.
            **{name: True if spec else None for name, spec in here.items()},
        },
        "Optuna's {count} ways to search all ran, and a search stopped after {half} "
        "trials went on to {trials} from its file. Not installed here, and so not "
        "judged: {missing}.",
        count=4,
        half=TRIALS // 2,
        trials=TRIALS,
        missing=[name for name, spec in here.items() if spec is None] or ["none"],
        least={name: search.best_value for name, search in found.items()},
        stopped_early=stops,
    )


def _in_steps(trial) -> float:
    """The valley as a training of nine epochs, which Hyperband may stop."""
    end = valley(trial)
    for epoch in (1, 3, 9):
        trial.report(end + 1 / epoch, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return end


if __name__ == "__main__":
    main(__file__)
