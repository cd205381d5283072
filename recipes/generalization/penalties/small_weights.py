"""Small weights: a sign of a smooth function, and no cause of it by themselves.

Along the path of an L2 penalty the weights get smaller and, for a while, the test gets
better: so small weights look like the reason. Two trials tell them apart. Beyond the
best strength weights get smaller still, and the test gets worse. And a ReLU network can
be given smaller weights without a change of what it computes: multiply a hidden unit's
incoming weights and bias by a factor and divide its outgoing weights by it. The factor
that makes the incoming and the outgoing weights of each unit equally long makes the sum
of squares least.
"""

import keras
import numpy as np

from recipes.generalization.penalties._networks import (
    BATCH,
    RATE,
    STRENGTHS,
    WIDTH,
    WRONG,
    best_strength,
    case_of,
    network,
    rows_of,
    runs_of,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

STARTS = 0.1  # factor on the first kernel where a training starts small


def balanced(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Weights of the same function of which the sum of squares of kernels is least.

    Args:
        weights: First kernel (inputs, units), its bias, second kernel (units, classes),
            its bias; of a network of ReLU units.
    """
    first, bias, second, last = weights
    into, out = np.linalg.norm(first, axis=0), np.linalg.norm(second, axis=1)
    factor = np.sqrt(np.maximum(out, 1e-12) / np.maximum(into, 1e-12))
    return [first * factor, bias * factor, second / factor[:, None], last]


def norm(weights: list[np.ndarray]) -> float:
    """Of both kernels: the root of the sum of squares."""
    return float(np.sqrt(sum((kernel**2).sum() for kernel in weights[::2])))


def train(case: dict, seed: int, data) -> dict:
    """Trains without a penalty, from usual or small weights; then rescales the result.

    Returns:
        `norm` and `test` accuracy after training, and `balanced_norm` and
        `balanced_test` of the same function with smaller weights.
    """
    rows = rows_of(case, seed, data)

    def measure(model):
        # Each layer has the strength of its penalty as its last weight: 0 here.
        held = model.get_weights()
        plain = [w for w in held if np.ndim(w)]
        smaller = balanced(plain)
        found = {"norm": norm(plain), "balanced_norm": norm(smaller)}
        found["test"] = model.test_on_batch(*rows["test"], return_dict=True)["accuracy"]
        waiting = iter(smaller)
        model.set_weights([next(waiting) if np.ndim(w) else w for w in held])
        again = model.test_on_batch(*rows["test"], return_dict=True)
        return {**found, "balanced_test": again["accuracy"]}

    def start(model):
        weights = keras.models.clone_model(model).get_weights()
        return [weights[0] * case["start"], *weights[1:]]

    run = network.train(
        rows["training"],
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=RATE,
        network={"units": case["units"], "classes": data.num_classes},
        weights=start,
        held_out=rows["validation"],
        measure=measure,
    )
    return run["measured"]


@experiment
def unpenalized(lab, start: float) -> dict[str, np.ndarray]:
    """Measures without a penalty, the first kernel starting at a factor of its size."""
    case = {**case_of(lab, 0.0, wrong=WRONG), "start": start}
    runs = lab.sweep(train, {start: case}, title=f"start × {start:g}")[start]
    return stats.columns(runs)


@claim(
    "reg-small-weights-generalize",
    "A model with smaller weights is more likely to capture the true patterns, and "
    "does better on new data.",
    says="often",
    hedge="more likely",
    notes="004",
    scope="300 digits, half of the labels wrong, a network of 128 units, 60 epochs of "
    "Adam",
)
def smaller_is_better(lab):
    """Test accuracy of networks made smaller in four ways, against larger ones."""
    best = best_strength(lab, 2.0, WIDTH, WRONG)
    most = STRENGTHS[min(STRENGTHS.index(best) + 1, len(STRENGTHS) - 1)]
    seen = {
        name: runs_of(lab, strength, 2.0, WIDTH, WRONG)
        for name, strength in (("none", 0.0), ("best", best), ("more", most))
    }
    plain, small = unpenalized(lab, 1.0), unpenalized(lab, STARTS)
    tests = {name: stats.column(runs, "test") for name, runs in seen.items()}
    norms = {name: stats.column(runs, "norm").mean() for name, runs in seen.items()}
    changed = float(np.abs(plain["balanced_test"] - plain["test"]).max())
    return Finding(
        {
            "the best L2 against none": stats.greater(
                tests["best"], tests["none"], by=stats.ACCURACY_POINT
            ),
            "half a decade more L2 against the best": stats.greater(
                tests["more"], tests["best"], by=stats.ACCURACY_POINT
            ),
            "a tenth of the starting weights against the usual": stats.greater(
                small["test"], plain["test"], by=stats.ACCURACY_POINT
            ),
            "the same function in smaller weights": stats.greater(
                plain["balanced_test"], plain["test"], by=stats.ACCURACY_POINT
            ),
        },
        "Test accuracy without L2, with the best and with more: {tests:.0%}, at norms "
        "of {norms:.1f}. The same function in weights of norm {balanced:.1f} and not "
        "{norm:.1f} changes the accuracy by at most {changed:.1%}; a small start "
        "gives {small:.0%}.",
        figure=draw_norms,
        tests=[values.mean() for values in tests.values()],
        norms=list(norms.values()),
        balanced=plain["balanced_norm"].mean(),
        norm=plain["norm"].mean(),
        changed=changed,
        small=small["test"].mean(),
    )


def draw_norms(lab):
    """Test accuracy over the norm of the weights, along the path and beside it."""
    figure, axes = figures.new(width=7.6, height=4.2)
    best = best_strength(lab, 2.0, WIDTH, WRONG)
    place = STRENGTHS.index(best)
    path = (0.0, *STRENGTHS[max(place - 1, 0) : place + 2])
    points = [runs_of(lab, strength, 2.0, WIDTH, WRONG) for strength in path]
    x = [stats.column(runs, "norm").mean() for runs in points]
    y = [stats.column(runs, "test").mean() for runs in points]
    axes.plot(x, y, marker="o", color=figures.COLORS[0], label="L2 from 0 upward")
    seen = list(zip(x, y, strict=True))
    plain, small = unpenalized(lab, 1.0), unpenalized(lab, STARTS)
    for index, (name, found, key) in enumerate(
        (
            ("the same function, rescaled", plain, "balanced_"),
            ("a small start", small, ""),
        ),
        1,
    ):
        seen.append(tuple(found[key + n].mean() for n in ("norm", "test")))
        axes.plot(
            *seen[-1],
            "sD"[index - 1],
            color=figures.COLORS[index],
            label=name,
        )
    axes.yaxis.set_major_formatter("{x:.0%}")
    figures.legend(axes)
    least, best = min(seen)[0], max(seen, key=lambda point: point[1])[0]
    title = "The smallest weights are the best ones"
    if best > least:
        title = f"The best have a norm of {best:.1f}, the smallest one of {least:.1f}"
    figures.describe(axes, title, "norm of the kernels", "test accuracy")
    lab.figure(
        "norms",
        figure,
        "Test accuracy over the norm of the weights along the path of an L2 penalty, "
        "after a rescaling and from a small start; means over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
