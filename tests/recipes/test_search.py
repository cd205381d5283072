"""The search recipe: counts and known optima, searches on file, and the table."""

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import optuna
import pytest
from scipy import optimize

from recipes.lab import UsageError
from recipes.lab.data import sets
from recipes.lab.evidence.judging import judge
from recipes.lab.testing import RecordingLab
from recipes.optimization.search import (
    Settings,
    baseline,
    bayesian,
    budgets,
    grids,
    interactions,
    libraries,
    overshooting,
    refining,
)

ROOT = str(Path(__file__).parents[2])


class Sweeps(RecordingLab):
    """A lab that trains nothing: losses are least where rate = (1 - momentum)."""

    def __init__(self, **settings):
        super().__init__("search", **{"seeds": 3, "searches": 1, **settings})

    def sweep(self, train, cases, *, seeds=None, **_):
        self.sweeps.append((train, dict(cases), list(seeds or self.seeds)))
        return {
            name: [self.made_up(case, seed) for seed in seeds or self.seeds]
            for name, case in cases.items()
        }

    def made_up(self, case, seed) -> dict:
        ideal = np.log10(1 - case.get("momentum", 0.0))
        away = (np.log10(case["learning_rate"]) - ideal) ** 2
        away += 0.01 * np.random.default_rng([seed, 5]).random()
        path = [0.1 + away + 2 / epoch for epoch in range(1, case["epochs"] + 1)]
        by_row = np.random.default_rng(seed).normal(path[-1], 0.5, 300).tolist()
        ends = {"by_row": by_row, "test": 0.1 + away}
        return {**ends, "validation": path if "momentum" in case else path[-1]}


@pytest.fixture(scope="module")
def lab():
    return Sweeps()


def test_the_grid_is_every_combination_once():
    space = {"a": [1.0, 2.0], "b": [3.0, 5.0, 7.0]}
    tried = grids.evaluations(space)
    assert sorted(tried) == sorted(itertools.product([1.0, 2.0], [3.0, 5.0, 7.0]))


def test_a_grids_regret_by_hand():
    """A uniform optimum is up to 1/(2k) from a middle: a mean square of 1/(12 k²)."""
    optimum = np.random.default_rng(0).random((20_000, 2))
    for k in (2, 3):
        for axes in (1, 2):
            places = np.tile(grids.grid(k), (len(optimum), 1, 1))
            found = grids.distances(axes, places, optimum).mean()
            assert found == pytest.approx(axes / (12 * k * k), rel=0.03)


def test_random_wins_with_one_axis_and_loses_with_two(lab):
    found = grids.regrets(lab)
    one, two = found["one axis matters"], found["two axes matter alike"]
    assert one[:, 1, 1].mean() < one[:, 1, 0].mean()
    assert (two[:, 1, 1] > two[:, 1, 0]).all()


@pytest.mark.parametrize("name", bayesian.PROBLEMS)
def test_least_values_are_those_of_the_functions(name):
    function, dimensions, least = bayesian.PROBLEMS[name]
    found = optimize.differential_evolution(
        lambda x: float(function(x[None])[0]), [(0, 1)] * dimensions, rng=1, tol=1e-10
    )
    assert found.fun == pytest.approx(least, abs=2e-4)
    assert bayesian.regret_of(name)(found.x[None]) == pytest.approx(0, abs=1e-4)


def test_a_guided_search_depends_on_its_seed_alone_and_finds_a_bowl():
    def bowl(x):
        return ((x - 0.7) ** 2).sum(1)

    places, seen = bayesian.guided(bowl, 2, 40, 3)
    again, _ = bayesian.guided(bowl, 2, 40, 3)
    assert (places == again).all()
    assert seen == pytest.approx(bowl(places))
    assert bayesian.best_so_far(bowl, places, seen)[-1] == seen.min()
    _, random = bayesian.drawn(bowl, 2, 40, 3)
    assert seen.min() < random.min()


def test_the_best_so_far_is_the_true_value_of_the_luckiest():
    found = bayesian.best_so_far(
        lambda x: x[:, 0], np.array([[5.0], [1.0], [3.0]]), np.array([4.0, 4.5, 2.0])
    )
    assert found.tolist() == [5, 5, 3]


def test_a_zoomed_box_stays_inside():
    rng = np.random.default_rng(0)
    for center in ([0.0, 1.0], [0.5, 0.5]):
        places = refining.zoomed(np.array(center), rng.random((500, 2)))
        assert places.min() >= 0
        assert places.max() <= 1
        assert (np.abs(places - center) <= refining.SIDE).all()
        assert np.ptp(places, axis=0).max() <= refining.SIDE


def test_zooming_helps_in_a_bowl():
    def bowl(x):
        return ((x - 0.7) ** 2).sum(1)

    found = refining.both_ways(bowl, 3, 200, 0)
    assert found[:, 0].mean() < 0.8 * found[:, 1].mean()


def test_rungs_and_a_hyperband_that_its_seed_decides():
    assert budgets.rungs(27) == [1, 3, 9, 27]

    def losses(places, epoch):
        return budgets.parallel(places, epoch, 27)

    best, started = budgets.hyperband(losses, 27, 243, 0)
    assert budgets.hyperband(losses, 27, 243, 0) == (best, started)
    assert started > 9
    assert 0 < best < 0.5


def test_curves_keep_their_order_or_turn_it_around():
    places = np.array([[0.6, 0.6], [0.6, 0.9], [0.1, 0.1]])  # from good to bad
    for epoch in (1, 9, 27):
        assert (np.diff(budgets.parallel(places, epoch, 27)) > 0).all()
    assert (np.diff(budgets.crossing(places, 1, 27)) < 0).all()
    assert (np.diff(budgets.crossing(places, 27, 27)) > 0).all()


def test_the_table_is_read_between_its_pairs(lab):
    rates, betas = (overshooting.RATES, overshooting.BETAS)
    table = lab_table = grids.surfaces(lab)[0]
    corner = table([[0, 0], [1, 1]])
    expected = [lab.made_up({"learning_rate": r, "momentum": b, "epochs": 27}, 0)
                ["validation"][-1] for r, b in ((rates[0], 0.0), (rates[-1], 0.98))
                ]  # fmt: skip
    assert corner == pytest.approx(expected)
    half = lab_table([[0.5 / (len(rates) - 1), 0]])
    pair = lab_table([[0, 0], [1 / (len(rates) - 1), 0]])
    assert half == pytest.approx(np.sqrt(pair.prod()))
    assert len(betas) == 6


def test_the_best_rate_of_each_momentum_is_found(lab):
    best = overshooting.best_rates(lab)
    assert best[0].tolist() == [1.0, 0.32, 0.32, 0.1, 0.032, 0.032]
    assert (overshooting.cost(lab, 0) > 2).all()
    finding = overshooting.overshoots(lab)
    assert finding.numbers["runs"][0.001] == pytest.approx(0, abs=1e-12)


def test_how_far_a_ball_runs_by_the_formula():
    """For small rates exp(-π ζ / √(1 - ζ²)), ζ = (1 - β) / (2 √rate)."""
    rate, beta = 1e-4, 0.995
    damping = (1 - beta) / (2 * rate**0.5)
    expected = np.exp(-np.pi * damping / np.sqrt(1 - damping**2))
    assert overshooting.beyond(rate, beta) == pytest.approx(expected, rel=0.02)


def test_winners_lose_to_a_baseline_that_is_the_best(lab):
    shares = baseline.losing(lab, "30 rows", baseline.BROUGHT)
    assert (shares >= 0).all()
    assert (shares <= 1).all()
    assert (baseline.losing(lab, "300 rows", baseline.COMES) == 0).all()
    by_row = np.array([[1.0] * 300, [0.5] * 300])
    assert baseline.best_of(by_row, 30, np.random.default_rng(0)) == 1


def test_an_interaction_is_a_difference_of_differences():
    class Interacting(Sweeps):
        def made_up(self, case, seed):
            harm = 1 + seed / 1e6
            if case["optimizer"] == "SGD" and case["weight_decay"]:
                harm *= 3
            if case["units"] == 512:  # the same for both
                harm *= 5
            return {"validation": harm, "test": harm}

    fresh = Interacting(seeds=10)
    found = judge(
        interactions.changes_interact.claim, interactions.changes_interact(fresh)
    )
    assert found["holds"] == ["weight decay of 0.1"]
    assert set(found["fails"]) == {"batches of 256", "512 units"}


def test_a_training_depends_on_its_seed_alone():
    digits = sets.load("digits")
    lab = Sweeps(epochs=3, rows=64)
    grids.surfaces(lab)
    (train, cases, _), *_ = lab.sweeps
    case = cases[0.32, 0.9]
    one = train(case, 1, digits)
    assert train(case, 1, digits) == one
    assert len(one["validation"]) == 3
    assert np.mean(one["by_row"]) == pytest.approx(one["validation"][-1], rel=1e-3)
    lost = train({**case, "learning_rate": 1e6}, 1, digits)
    assert 2 < lost["test"] <= 10
    parts = interactions.split(digits, 64, 1)
    rows = np.concatenate([x.reshape(len(x), -1) for x, _ in parts])
    assert [len(x) for x, _ in parts] == [64, 300, 1000]
    assert len(np.unique(rows, axis=0)) == len(rows)  # no image in two parts


def test_libraries_that_are_absent_are_not_judged(monkeypatch):
    monkeypatch.setattr(libraries.importlib.util, "find_spec", lambda name: None)
    claim = libraries.libraries_search.claim
    found = judge(claim, libraries.libraries_search(None))
    assert found["verdict"] == "supported"
    assert set(found["undecided"]) == {"Ray Tune", "Hyperopt"}


def test_a_search_goes_on_from_its_file(tmp_path):
    numbers, left = libraries.stopped_and_resumed(tmp_path)
    assert numbers == list(range(libraries.TRIALS))
    assert left == libraries.TRIALS - libraries.TRIALS // 2
    assert (
        libraries.remaining(libraries.on_file(tmp_path / "search.db", "other"), 5) == 5
    )


WORKER = """
import sys, time
from recipes.optimization.search.libraries import on_file, valley
def slowly(trial):
    time.sleep(float(sys.argv[3]))
    return valley(trial)
search = on_file(sys.argv[1], "shared")
print("BEGUN", flush=True)
search.optimize(slowly, n_trials=int(sys.argv[2]))
"""


def worker(path, trials: int, pause: float) -> subprocess.Popen:
    """A process that works at a search."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", WORKER, path, str(trials), str(pause)],
        env={**os.environ, "PYTHONPATH": ROOT},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_killed_search_goes_on_and_two_processes_share_it(tmp_path):
    path = tmp_path / "search.db"
    killed = worker(path, 1000, 0.05)
    search, deadline = libraries.on_file(path, "shared"), time.monotonic() + 60
    while libraries.remaining(search, 3) and time.monotonic() < deadline:
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    done = 3 - libraries.remaining(search, 3)
    assert done == 3
    before = len(search.get_trials(states=[optuna.trial.TrialState.COMPLETE]))
    both = [worker(path, 6, 0.1) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors[-2000:]
    after = search.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    assert len(after) == before + 12
    assert len({trial.number for trial in after}) == len(after)
    assert search.best_value == min(trial.value for trial in after)


@pytest.mark.parametrize(
    "wrong", [{"searches": 0}, {"epochs": 5}, {"rows": 63}, {"rows": 1001}]
)
def test_settings_out_of_range(wrong):
    with pytest.raises(UsageError, match="must be"):
        Settings(**wrong)
    assert Settings(rows=5000, data="mnist").rows == 5000
