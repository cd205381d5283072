"""Complexity: more of it overfits more, up to the point where every row is fitted.

The notes say twice that the higher the complexity of a model, the higher its chance to
overfit. Overfitting is measured as the gap: how much worse a model is on new rows than
on its own. Four kinds of model are made more complex, with the number of rows held.
Three of them can be made so complex that they fit every row, wrong labels included.
What happens beyond that point is the interesting part (Belkin et al., 2019): among all
the fits that go through every row, a wide model finds a small one.
"""

import keras
import numpy as np
from sklearn.tree import DecisionTreeClassifier

from recipes.generalization.bias_variance._curve import curve, hat
from recipes.generalization.bias_variance._features import NEW_ROWS, ROWS, fit, rows
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from zoo import mlp

WRONG = 0.2  # share of wrong labels among all images: no model can know them
UNITS = (4, 32, 1024)  # of the network's hidden layer
RATES = (1e-3, 3.2e-3, 1e-2)  # of Adam, half a decade apart
TUNED = 3  # seeds on which each width's rate is chosen
DEGREES, DEPTHS, WIDTHS = (3, 9, 15), (2, 6, 20), (10, 30, 100, 300, 1000)
FULL, WIDE = 100, 1000  # features: one a row, and ten
GAP = stats.Threshold(
    "two points", 0.02, "error",
    "gaps here are tens of points; two are what another set of new rows moves.",
)  # fmt: skip


def one_layer(input_shape, units: int):
    """One hidden layer, and a logit for each of the ten classes."""
    return mlp(input_shape, 10, units=(units,))


network = Study(
    one_layer,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def some_wrong(data, samples: int, seed: int) -> tuple[tuple, tuple]:
    """Images to train on and new ones, a fifth of the labels wrong in both."""
    rng = np.random.default_rng([seed, 72])
    pairs = []
    for x, y in (
        (data.x_train[:samples], data.y_train[:samples]),
        (data.x_test, data.y_test),
    ):
        others = (y + rng.integers(1, 10, len(y))) % 10
        wrong = rng.random(len(y)) < WRONG
        pairs.append((x, np.where(wrong, others, y).astype("int32")))
    return pairs[0], pairs[1]


def train(case: dict, seed: int, data) -> dict:
    """Trains a network of one width on images of which a fifth has a wrong label.

    Args:
        case: `units`, `learning_rate`, `epochs` and `samples`.
        seed: Decides the weights, the order of the samples, and what is wrong.
        data: Images of ten classes.

    Returns:
        `training` and `new`: errors on its own images and on the test set;
        `training_loss`.
    """
    rows, new = some_wrong(data, case["samples"], seed)
    run = network.train(
        rows,
        seed,
        epochs=case["epochs"],
        batch_size=32,
        learning_rate=case["learning_rate"],
        network={"units": case["units"]},
        held_out=new,
        score_training=True,
    )
    return {
        "training": 1 - run["training_accuracy"],
        "new": 1 - run["held_out_accuracy"],
        "training_loss": run["training_loss"],
    }


def case_of(lab, units: int, rate: float) -> dict:
    """The case of `train` for a width and a rate."""
    given = {"epochs": lab.settings.epochs, "samples": lab.settings.samples}
    return {"units": units, "learning_rate": rate, **given}


@experiment
def chosen_rates(lab) -> dict[int, float]:
    """For each width the rate whose worst training fits its rows best.

    The worst one, because every network is to fit as much as its width can.
    """
    cases = {(u, r): case_of(lab, u, r) for u in UNITS for r in RATES}
    runs = lab.sweep(
        train, cases, seeds=lab.tuning_seeds[:TUNED], title="rates of the networks"
    )

    def loss(units, rate):
        return max(run["training_loss"] for run in runs[units, rate])

    return {u: min(RATES, key=lambda rate: loss(u, rate)) for u in UNITS}


@experiment
def networks(lab) -> dict[int, dict[str, np.ndarray]]:
    """Errors by width of the hidden layer, (seeds,)."""
    cases = {u: case_of(lab, u, rate) for u, rate in chosen_rates(lab).items()}
    runs = lab.sweep(train, cases, title="networks by width")
    return {
        units: {name: stats.column(found, name) for name in ("training", "new")}
        for units, found in runs.items()
    }


@experiment
def trees(lab) -> dict[int, dict[str, np.ndarray]]:
    """Errors of trees on the same images, by depth."""
    data, found = lab.data(), {}
    for depth in DEPTHS:
        pairs = []
        for seed in lab.seeds:
            (x, y), (new_x, new_y) = some_wrong(data, lab.settings.samples, seed)
            x, new_x = x.reshape(len(x), -1), new_x.reshape(len(new_x), -1)
            tree = DecisionTreeClassifier(max_depth=depth, random_state=seed).fit(x, y)
            pairs.append((1 - tree.score(x, y), 1 - tree.score(new_x, new_y)))
        training, new = np.array(pairs).T
        found[depth] = {"training": training, "new": new}
    return found


@experiment
def polynomials(lab) -> dict[int, dict[str, np.ndarray]]:
    """Squared errors of polynomials on a noisy sine, by degree; 30 rows."""
    found = {degree: {"training": [], "new": []} for degree in DEGREES}
    for seed in lab.seeds:
        (x, y), (new_x, new_y) = (
            curve("sine", count, seed=[seed, salt])
            for count, salt in ((30, 61), (NEW_ROWS, 62))
        )
        for degree, errors in found.items():
            errors["training"].append(((hat(x, degree, x) @ y - y) ** 2).mean())
            errors["new"].append(((hat(x, degree, new_x) @ y - new_y) ** 2).mean())
    return as_arrays(found)


@experiment
def features(lab) -> dict[int, dict[str, np.ndarray]]:
    """Squared errors of random features, by width; 100 rows."""
    found = {width: {"training": [], "new": []} for width in WIDTHS}
    for seed in lab.seeds:
        (x, y), (new_x, new_y) = rows([seed, 73]), rows([seed, 74], NEW_ROWS)
        for width, errors in found.items():
            own, new = fit(x, y, width, [seed, 75], new_x)
            errors["training"].append(((own - y) ** 2).mean())
            errors["new"].append(((new - new_y) ** 2).mean())
    return as_arrays(found)


def as_arrays(found: dict) -> dict:
    """Lists of errors as arrays."""
    return {
        size: {name: np.array(seen) for name, seen in both.items()}
        for size, both in found.items()
    }


def gap(found: dict, size: int) -> np.ndarray:
    """The error on new rows minus that on the model's own, one a seed."""
    return found[size]["new"] - found[size]["training"]


# A squared error that explodes has no mean: gaps of squared errors are compared by
# ranks, and a tenth of the target's variance, 0.1, is the least that counts.
SQUARED_GAP = stats.Threshold(
    "a tenth of the variance", 0.1, "squared error",
    "the target's variance is 1: less than a tenth of it hardly shows in a picture.",
)  # fmt: skip


def more(found: dict, small: int, large: int, squared: bool) -> stats.Decision:
    """Whether the larger model has the larger gap."""
    by, scale = (SQUARED_GAP, "ranks") if squared else (GAP, "linear")
    return stats.greater(gap(found, large), gap(found, small), by=by, scale=scale)


@claim(
    "complexity-overfits",
    "The higher the complexity of a model, the higher the chance that it overfits.",
    notes="000",
    scope="polynomials, random features, trees, networks; 30 to 1,000 rows, noisy",
)
def complexity_overfits(lab):
    """The gap of the more complex model minus that of the simpler one."""
    degrees, widths = polynomials(lab), features(lab)
    depths, units = trees(lab), networks(lab)
    lab.table(
        "Errors on training rows and new rows, medians over seeds",
        ["model", "training rows", "new rows"],
        [
            [f"{kind} {size}", *(float(np.median(seen)) for seen in both.values())]
            for kind, found in (
                ("polynomial of degree", degrees), ("random features", widths),
                ("tree of depth", depths), ("network of units", units),
            )
            for size, both in found.items()
        ],
    )  # fmt: skip
    low, middle, high = UNITS
    return Finding(
        {
            "polynomial, degree 3 to 15": more(degrees, 3, 15, True),
            "random features, 10 to one a row": more(widths, 10, FULL, True),
            "random features, one a row to ten": more(widths, FULL, WIDE, True),
            "tree, depth 2 to 20": more(depths, 2, 20, False),
            f"network, {low} to {middle} units": more(units, low, middle, False),
            f"network, {middle} to {high:,} units": more(units, middle, high, False),
        },
        "With one random feature a row the error on new rows is {peak:.3g} (median), "
        "with ten {after:.3g}, and both fit every row. More complexity widens the gap "
        "here: {holding}; not here: {failing}. Gaps of the networks by units: "
        "{networks:.2f}.",
        figure=draw_complexity,
        peak=float(np.median(widths[FULL]["new"])),
        after=float(np.median(widths[WIDE]["new"])),
        rates=chosen_rates(lab),
        networks={size: float(gap(units, size).mean()) for size in units},
        gaps={
            kind: {size: float(np.median(gap(found, size))) for size in found}
            for kind, found in (
                ("polynomials", degrees), ("random features", widths),
                ("trees", depths), ("networks", units),
            )
        },
    )  # fmt: skip


def draw_complexity(lab):
    """Both errors by width: random features, and networks."""
    figure, (left, right) = figures.new(1, 2, width=10.4, height=4.2)
    found = features(lab)
    left.set(xscale="log", yscale="log")
    for index, name in enumerate(("training", "new")):
        middle = [max(float(np.median(found[w][name])), 1e-3) for w in WIDTHS]
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        left.plot(WIDTHS, middle, "o", label=f"{name} rows", **style)
    left.axvline(ROWS, color="#000000", lw=1, ls=":")
    left.set(ylim=(5e-4, None))
    figures.legend(left, loc="center right")
    left.set_yticks([1e-3, 1e-2, 1e-1, 1, 10], ["≤ 0.001", "0.01", "0.1", "1", "10"])
    peak = max(WIDTHS, key=lambda width: np.median(found[width]["new"]))
    title = f"Random features: worst with {peak}, for {ROWS} rows"
    figures.describe(left, title, "features", "squared error (median over seeds)")
    units = networks(lab)
    lines = {
        f"{name} rows": np.array([units[u][name] for u in UNITS]).T
        for name in ("training", "new")
    }
    places = np.arange(len(UNITS))
    right.set(ylim=(-0.02, 0.9 if lab.smoke else 0.6))
    figures.curves(right, places, lines)
    right.set_xticks(places, [f"{u:,}" for u in UNITS])
    right.yaxis.set_major_formatter("{x:.0%}")
    wide = float(np.median(gap(units, UNITS[-1])))
    title = f"Networks: the gap ends at {100 * wide:.0f} points"
    figures.describe(right, title, "hidden units", "wrong answers")
    lab.figure(
        "complexity",
        figure,
        "Errors on training rows and new rows by complexity. Left the dotted line "
        "marks one feature a row; right a fifth of all labels is wrong.",
    )


if __name__ == "__main__":
    main(__file__)
