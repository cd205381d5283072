"""Rescue: clipping keeps training stable where rate times threshold is small.

A recurrent network multiplies the gradient by the same matrix at every step. With
recurrent weights 1.5 times as large as usual a gradient over 20 steps is often ten
times as long as one step can bear; the step that it makes leads to a longer one still.
Clipping bounds the length of a step by rate times threshold.

That product decides: a threshold of 100 or a rate of 1 leaves the step too long. And a
stable training has not yet learned anything: compare the last losses in the table with
the loss of always answering the mean.
"""

import keras
import numpy as np

from callbacks import GradientClipping, GradientNorms
from recipes.gradients._watch import Start, watch
from recipes.lab import Finding, claim, experiment, figures, generators, main, stats
from zoo import simple_rnn

LENGTH, SAMPLES, BATCH_SIZE, UNITS = 20, 320, 64, 32
RATES = (0.1, 1.0)
USUAL = RATES[0]
GAIN = 1.5  # of the recurrent weights: near 0 such a network is unstable
GUESSING = 1 / 6  # the mean squared error of always answering the mean, 1
ZERO = GUESSING + 1  # and of always answering 0

WAYS = {
    "no clipping": None,
    "norm 1": lambda: GradientClipping(norm=1.0),
    "norm 100": lambda: GradientClipping(norm=100.0),
    "value 0.1": lambda: GradientClipping(value=0.1),
}
# A way that rescues fewer than half of what is lost is no remedy to rely on.
HALF = stats.Threshold(
    "half of the trainings", 0.5, "share", "a remedy should save more than it loses."
)


def build() -> keras.Model:
    """Makes a simple recurrent network that reads two numbers a step, compiled."""
    model = simple_rnn((LENGTH, 2), 1, units=(UNITS,), task="regression")
    model.compile(keras.optimizers.SGD(), "mse")
    return model


def initial_weights(model: keras.Model, seed: int) -> list[np.ndarray]:
    """Draws weights as Keras does, but for larger recurrent ones: N(0, 1.5²/n)."""
    keras.utils.set_random_seed(seed)
    kernel, recurrent, *rest = keras.models.clone_model(model).get_weights()
    recurrent = np.random.default_rng([seed, 41]).normal(size=recurrent.shape)
    return [kernel, GAIN * recurrent / UNITS**0.5, *rest]


def train(case, seed, data):
    """Trains with one way to clip, from all starts and at all rates.

    Args:
        case: `way` (a key of `WAYS`), `learning_rates`, `seeds` and `epochs`.
        seed: Not used: the case holds the seeds, which share a fit.
        data: None.

    Returns:
        For each rate and seed the `history` and, by update, the norm of the gradient
        as it came (`before`) and as the update rule got it (`after`).
    """
    starts = [(rate, one) for rate in case["learning_rates"] for one in case["seeds"]]
    runs = train_from(starts, case["way"], case["epochs"])
    count = len(case["seeds"])
    return {"runs": [runs[i : i + count] for i in range(0, len(runs), count)]}


def train_from(pairs: list[tuple[float, int]], way: str, epochs: int) -> list[dict]:
    """Trains at each (rate, seed) in one fit; the first epoch only measures."""
    make = WAYS[way]
    model = build()
    x, y = generators.adding(SAMPLES, LENGTH, seed=0)
    before = GradientNorms(per_layer=True)
    after = GradientNorms(per_layer=False, stage="update", name="after")
    reports = watch(
        model,
        [
            Start(initial_weights(model, seed), (0.0, *[rate] * epochs))
            for rate, seed in pairs
        ],
        x,
        y[:, None],
        batch_size=BATCH_SIZE,
        norms=before,
        # After the clipping, so that it sees what the clipping leaves.
        callbacks=[make(), after] if make else [after],
    )
    start, epoch = np.divmod(before.table.epochs, epochs + 1)
    runs = []
    for number, report in enumerate(reports):
        mine = (start == number) & (epoch > 0)
        norms = {"before": before.table, "after": after.table}
        runs.append(
            {"history": report["history"]}
            | {kind: table.global_norms[mine].tolist() for kind, table in norms.items()}
        )
    return runs


@experiment
def trainings(lab) -> dict[tuple[str, float], list[dict]]:
    """The runs by way and rate: two ways at both rates, the others at the usual one."""
    rates = {way: [USUAL] for way in WAYS}
    rates |= {way: list(RATES) for way in list(WAYS)[:2]}
    shared = {"seeds": list(lab.seeds), "epochs": lab.settings.epochs}
    cases = {
        way: {"way": way, "learning_rates": chosen, **shared}
        for way, chosen in rates.items()
    }
    found = lab.sweep(train, cases, precision="float32", seeds=[0], title="trained")
    ways = {
        (way, rate): found[way][0]["runs"][index]
        for way, chosen in rates.items()
        for index, rate in enumerate(chosen)
    }
    return {key: ways[key] for key in sorted(ways, key=in_order)}


def in_order(key: tuple[str, float]) -> tuple:
    """By rate, but the ways that have one rate only come last."""
    way, rate = key
    position = list(WAYS).index(way)
    return position > 1, rate, position


def losses(runs: list[dict]) -> np.ndarray:
    """The training losses, (seeds, epochs); the first is that of the start."""
    return np.array([run["history"]["loss"] for run in runs], float)


def stable(runs: list[dict]) -> np.ndarray:
    """Whether no epoch was worse than the start and than answering 0, (seeds,)."""
    table = losses(runs)
    # A NaN is not less or equal.
    return (table <= np.maximum(table[:, :1], ZERO)).all(1)


# Clipping can only rescue what is lost without it: a way is judged at the rates at
# which most unclipped trainings are unstable. Each seed counts 1 where clipping made an
# unstable training stable, -1 where it did the reverse, else 0.


@claim(
    "clip-rescues-rnn",
    "Where gradients explode, clip them: the training becomes stable.",
    says="advice",
    hedge="a solution",
    notes="001 002 004",
    scope="the adding problem over 20 steps, SimpleRNN of 32 units, 10 epochs of SGD",
)
def makes_stable(lab):
    """At every rate and threshold: the share of trainings that clipping rescues."""
    runs = trainings(lab)
    names = {key: f"{key[0]}, rate {key[1]:g}" for key in runs}
    steady = {key: stable(found) for key, found in runs.items()}
    plain, clipped = list(WAYS)[:2]
    conditions = {
        names[way, rate]: stats.greater(
            steady[way, rate].astype(float),
            steady[plain, rate].astype(float),
            by=HALF,
        )
        for way, rate in runs
        if way != plain and steady[plain, rate].mean() < HALF.value
    }
    counts = {names[key]: int(flags.sum()) for key, flags in steady.items()}
    tabulate(lab, {names[key]: found for key, found in runs.items()})
    return Finding(
        conditions or {"some training without clipping is unstable": None},
        "Clipped by its norm, a step is never longer than rate times threshold: that "
        "product must be small. "
        "Stable of {n} trainings at rate {rate:g}: {unclipped} without clipping, "
        "{norm_1} with norm 1, {norm_100} with norm 100; with norm 1 at rate "
        "{largest:g}: {at_largest}. Stable need not mean learned: the median last loss "
        "is {end:.3f}, that of answering the mean {guessing:.3f}.",
        figure=draw_spikes,
        n=len(lab.seeds),
        rate=USUAL,
        largest=RATES[-1],
        unclipped=counts[names[plain, USUAL]],
        norm_1=counts[names[clipped, USUAL]],
        norm_100=counts[names["norm 100", USUAL]],
        at_largest=counts[names[clipped, RATES[-1]]],
        end=np.median(losses(runs[clipped, USUAL])[:, -1]),
        guessing=GUESSING,
        stable_trainings=counts,
        worst_loss_over_that_of_the_start={
            names[key]: losses(found)[:, 1:].max(1) / losses(found)[:, 0]
            for key, found in runs.items()
        },
        last_loss={names[key]: losses(found)[:, -1] for key, found in runs.items()},
    )


def tabulate(lab, runs: dict[str, list[dict]]) -> None:
    """Prints how high the loss and the norms rise, and where the loss ends."""
    rows = []
    for name, row in runs.items():
        table = losses(row)
        norms = [
            float(np.nan_to_num([run[kind] for run in row], nan=np.inf).max())
            for kind in ("before", "after")
        ]
        worst = float(np.nan_to_num(table, nan=np.inf)[:, 1:].max())
        steady = f"{stable(row).sum()} of {len(row)}"
        rows.append([name, steady, worst, float(table[:, -1].mean()), *norms])
    lab.table(
        "Trainings that were never worse than the start and than answering 0; worst "
        "and last loss; largest gradient norm before and after clipping",
        ["training", "stable", "worst", "last", "before", "after"],
        rows,
    )


def draw_spikes(lab):
    """Loss and gradient norms, with and without clipping."""
    figure, (above, below) = figures.new(2, 1, height=6.6)
    found = {way: trainings(lab)[way, USUAL] for way in list(WAYS)[:2]}
    above.set(yscale="log", xlim=(0, lab.settings.epochs))
    for index, (way, runs) in enumerate(found.items()):
        style = {"color": figures.COLORS[index], "lw": 1.2}
        for number, curve in enumerate(losses(runs)):
            label = way if number == 0 else f"_{number}"
            above.plot(curve, figures.LINES[index], label=label, **style)
    without, with_it = (int(stable(runs).sum()) for runs in found.values())
    count = f"{with_it} of {len(lab.seeds)} are stable with clipping"
    title = f"Rate {USUAL:g}: {count}, {without} without"
    figures.describe(above, title, "epoch", "mean squared error")
    plain, clipped = (runs[0] for runs in found.values())
    below.set(yscale="log")
    for index, (norms, label) in enumerate(
        (
            (plain["before"], "never clipped"),
            (clipped["before"], "before clipping"),
            (clipped["after"], "after clipping"),
        )
    ):
        style = {"color": figures.COLORS[index], "lw": 1.2, "label": label}
        below.plot(range(1, len(norms) + 1), norms, figures.LINES[index], **style)
    lengths = np.array(plain["before"], float)
    powers = np.log10(
        np.max(lengths, where=np.isfinite(lengths), initial=0) / lengths[0]
    )
    title = f"First network: unclipped gradients grow by {powers:.0f} powers of ten"
    figures.describe(below, title, "update", "norm of the gradient")
    for axis in (above, below):
        figures.legend(axis, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    lab.figure(
        "spikes",
        figure,
        "Above: loss by epoch with and without clipping, a line a seed; a line ends "
        "where the loss is no number. Below: gradient norms of one training: never "
        "clipped, and before and after clipping.",
    )


if __name__ == "__main__":
    main(__file__)
