"""Budgets: stop the hopeless trainings early, and start more of them.

Random search trains every setting to its end. Hyperband (Li et al., 2018) trains many a
little, keeps the best third, trains those three times as long, and so on. It does so at
several ratios of many to long, because nobody knows how early a training shows what it
will come to. Optuna has it as a pruner: a trial reports its loss now and then, and is
told whether to go on.

The comparison is fair at equal epochs in total: as many as nine whole trainings take.
Everything depends on whether the leaders after one epoch are those of the end. On two
made-up families of learning curves this is so, and the reverse of it.
"""

import numpy as np
import optuna

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.search._problems import study
from recipes.optimization.search._table import surface, tables

WHOLE = 9  # trainings that random search can afford
KEPT = 3  # one in three goes on
NETWORK = "network: rate and momentum"


def rungs(epochs: int) -> list[int]:
    """The epochs after which a training may be stopped: 1, 3, 9, ... and the last."""
    return [1] if epochs <= 1 else [*rungs(epochs // KEPT), epochs]


# Losses of a made-up setting u in the unit square end near q(u), the squared distance
# from an optimum. Parallel: all fall at one pace. Crossing: the better a setting is in
# the end, the slower it starts, as a small learning rate does.


def parallel(places, epoch: int, epochs: int) -> np.ndarray:
    """Losses after an epoch; the order never changes."""
    return ((places - 0.6) ** 2).sum(1) + np.exp(-3 * epoch / epochs)


def crossing(places, epoch: int, epochs: int) -> np.ndarray:
    """Losses after an epoch; the best in the end are the slowest to begin with."""
    quality = ((places - 0.6) ** 2).sum(1)
    pace = epochs / 5 * np.exp(-4 * quality)
    return quality + (2 - quality) * np.exp(-epoch / pace)


def hyperband(losses, epochs: int, budget: int, seed: int) -> tuple[float, int]:
    """Searches with Optuna's Hyperband until the epochs are spent.

    Args:
        losses: Of places (n, 2) and an epoch.
        epochs: Of a whole training.
        budget: Epochs in total.
        seed: Of the places.

    Returns:
        The least loss of a training that was not stopped, and how many were started.
    """
    pruner = optuna.pruners.HyperbandPruner(1, epochs, KEPT)
    # Optuna deals trials to the ratios by the study's name, which it would make up.
    search = study(
        optuna.samplers.RandomSampler(seed=seed),
        pruner=pruner,
        study_name=f"search {seed}",
    )
    spent, finished, started = 0, [], 0
    while spent < budget:
        trial = search.ask()
        place = np.array([[trial.suggest_float(name, 0, 1) for name in "xy"]])
        started, reached = started + 1, 0
        for rung in rungs(epochs):
            spent, reached = spent + rung - reached, rung
            loss = float(losses(place, rung)[0])
            trial.report(loss, rung)
            if rung < epochs and trial.should_prune():
                search.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            search.tell(trial, loss)
            finished.append(loss)
    return min(finished, default=float(losses(place, epochs)[0])), started


@experiment
def searches(lab) -> dict[str, np.ndarray]:
    """Regrets and trainings started: (seeds, [Hyperband, random, started])."""
    epochs = lab.settings.epochs
    budget, found = WHOLE * epochs, {}
    stops = rungs(epochs)
    side = np.linspace(0, 1, 41)
    every = np.array(np.meshgrid(side, side)).reshape(2, -1).T
    for at, seed in enumerate(lab.seeds):
        table = tables(lab)["validation"][at][..., np.array(stops) - 1]
        read = {stop: surface(table[..., n]) for n, stop in enumerate(stops)}
        curves = {
            "parallel curves": lambda x, epoch: parallel(x, epoch, epochs),
            "crossing curves": lambda x, epoch: crossing(x, epoch, epochs),
            NETWORK: lambda x, epoch, read=read: np.log(read[epoch](x)),
        }
        for name, losses in curves.items():
            best, rows = losses(every, epochs).min(), []
            for number in range(lab.settings.searches):
                own = 1000 * seed + number
                stopped, started = hyperband(losses, epochs, budget, own)
                drawn = np.random.default_rng([own, 90]).random((WHOLE, 2))
                rows.append((stopped, losses(drawn, epochs).min(), started))
            middle = np.mean(rows, 0) - [best, best, 0]
            found.setdefault(name, []).append(middle)
    return {name: np.array(rows) for name, rows in found.items()}


@claim(
    "hp-hyperband",
    "Hyperband combines random search with an adaptive allocation of resources: it "
    "efficiently gives more of them to promising settings.",
    says="is",
    notes="002",
    scope="243 epochs in total: a network on digits, two families of learning curves",
)
def stops_early(lab):
    """The regret of nine whole random trainings over Hyperband's at equal epochs."""
    found = {name: np.maximum(rows, 1e-6) for name, rows in searches(lab).items()}
    lab.table(
        f"Mean regret after {WHOLE * lab.settings.epochs} epochs",
        ["problem", "Hyperband", "random", "trainings started"],
        [[name, *map(float, rows.mean(0))] for name, rows in found.items()],
    )
    ratios = {
        name: float(np.exp(np.log(rows[:, 1] / rows[:, 0]).mean()))
        for name, rows in found.items()
    }
    return Finding(
        {
            name: stats.greater(rows[:, 1], rows[:, 0], by=stats.TENTH, scale="log")
            for name, rows in found.items()
        },
        "On the network random search has {net:.2f} times Hyperband's regret at equal "
        "epochs. Hyperband starts {started:.0f} trainings in place of {whole}. With "
        "parallel curves it is {parallel:.2f} times, with curves that cross "
        "{crossing:.2f} times.",
        figure=draw_curves,
        net=ratios[NETWORK],
        parallel=ratios["parallel curves"],
        crossing=ratios["crossing curves"],
        started=found[NETWORK][:, 2].mean(),
        whole=WHOLE,
        ratios=ratios,
    )


def draw_curves(lab):
    """Learning curves of some settings, and the regrets."""
    figure, axes = figures.new(1, 3, width=11.4, height=3.8)
    epochs = lab.settings.epochs
    x, rng = np.arange(1, epochs + 1), np.random.default_rng(1)
    drawn, rows = rng.random((400, 2)), searches(lab)
    ranked = drawn[((drawn - 0.6) ** 2).sum(1).argsort()]
    places = ranked[5::50]  # from good to bad
    table = tables(lab)["validation"][0].reshape(-1, epochs)
    shown = table[rng.permutation(len(table))[:8]]
    made = {
        "parallel curves": np.array([parallel(places, e, epochs) for e in x]).T,
        "crossing curves": np.array([crossing(places, e, epochs) for e in x]).T,
        NETWORK: shown,
    }
    for axis, (name, curves) in zip(axes, made.items(), strict=True):
        order = curves[:, -1].argsort()
        for rank, line in enumerate(order):
            color = figures.COLORS[0] if rank < 3 else "#999999"
            axis.plot(x, curves[line], color=color, lw=2 if rank < 3 else 1)
        axis.set(xscale="log")
        if name == NETWORK:
            axis.set(yscale="log")
        axis.set_xticks(rungs(epochs), map(str, rungs(epochs)))
        axis.minorticks_off()
        ratio = np.exp(np.log(rows[name][:, 1] / rows[name][:, 0]).mean())
        title = f"{name.partition(':')[0].capitalize()}:\nrandom has {ratio:.2g} times"
        figures.describe(axis, f"{title} the regret", "epoch", "validation loss")
    lab.figure(
        "curves",
        figure,
        "Learning curves of eight settings; blue: the three that are best in the end. "
        "Ticks: where Hyperband may stop a training.",
    )


if __name__ == "__main__":
    main(__file__)
