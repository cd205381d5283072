"""Functions to minimize over the unit cube, and searches through them with Optuna."""

import numpy as np
import optuna


def study(sampler, **arguments) -> optuna.Study:
    """A new search of Optuna that minimizes and writes no log."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(sampler=sampler, **arguments)


def wave(x):
    """Forrester et al. (2008), one dimension: a hollow beside a lower one."""
    return (6 * x[:, 0] - 2) ** 2 * np.sin(12 * x[:, 0] - 4)


def branin(x):
    """Two dimensions, three minima of one height."""
    a, b = 15 * x[:, 0] - 5, 15 * x[:, 1]
    ridge = b - 5.1 * a**2 / (4 * np.pi**2) + 5 * a / np.pi - 6
    return ridge**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10


def hartmann(x):
    """Three dimensions, four hollows of several depths."""
    steep = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
    at = 1e-4 * np.array(
        [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
    )
    away = (steep * (x[:, None] - at) ** 2).sum(2)
    return -(np.exp(-away) * [1.0, 1.2, 3.0, 3.2]).sum(1)


def valley(x):
    """Four dimensions: Rosenbrock's curved valley, over [-1, 2] on every axis."""
    z = 3 * x - 1
    return (100 * (z[:, 1:] - z[:, :-1] ** 2) ** 2 + (1 - z[:, :-1]) ** 2).sum(1)


def bowl(x):
    """Any dimensions: the squared distance from 0.7 on every axis."""
    return ((x - 0.7) ** 2).sum(1)


# By name: the function, its dimensions, its least value. The spread over the cube makes
# regrets comparable.
PROBLEMS = {
    "wave, 1 dimension": (wave, 1, -6.020740),
    "Branin, 2 dimensions": (branin, 2, 0.397887),
    "Hartmann, 3 dimensions": (hartmann, 3, -3.862780),
    "valley, 4 dimensions": (valley, 4, 0.0),
    "bowl, 5 dimensions": (bowl, 5, 0.0),
}


def regret_of(name: str):
    """A problem as regret: 0 at its best, with a spread of 1 over the cube."""
    function, dimensions, least = PROBLEMS[name]
    rng = np.random.default_rng(0)
    spread = float(function(rng.random((20_000, dimensions))).std())
    return lambda x: (function(np.atleast_2d(x)) - least) / spread


def guided(function, dimensions: int, count: int, seed: int, noise: float = 0.0):
    """Searches with TPE, Optuna's default.

    Args:
        function: Of places (n, dimensions); the lower the better.
        dimensions: How many parameters, each from 0 to 1.
        count: Evaluations; the first ten are random.
        seed: Of the search and its noise.
        noise: Standard deviation of what is added to each evaluation.

    Returns:
        The places (count, dimensions) in order, and what was seen there.
    """
    rng = np.random.default_rng([seed, 82])
    search = study(optuna.samplers.TPESampler(seed=seed))
    names = [f"x{axis}" for axis in range(dimensions)]

    def evaluate(trial):
        place = [[trial.suggest_float(name, 0.0, 1.0) for name in names]]
        return float(function(np.array(place))[0]) + noise * rng.normal()

    search.optimize(evaluate, n_trials=count)
    places = [[trial.params[name] for name in names] for trial in search.trials]
    return np.array(places), np.array([trial.value for trial in search.trials], float)


def drawn(function, dimensions: int, count: int, seed, noise: float = 0.0):
    """Random search: places, and what was seen there, as `guided` returns them."""
    rng = np.random.default_rng(seed)
    places = rng.random((count, dimensions))
    return places, function(places) + noise * rng.normal(size=count)
