"""Early signal: what a sure discriminator does to a generator's first steps.

The notes argue for the non-saturating loss: at first D is sure, D(G(z)) is near 0, and
log(1 − D) has no slope there. Both halves are tried: what D says of the first samples,
untrained, side by side and after a head start; and how soon either loss brings the
samples near the data. Look at `gradients` from right to left: the surer D is, the more
the two gradients part.

With SGD that is what decides. Adam divides a gradient by its size, so that a weak one
makes steps as long as a strong one.
"""

import numpy as np

from recipes.architectures.gan._images import image_runs
from recipes.architectures.gan._networks import (
    EARLY,
    EVERY,
    LOSSES,
    NAMES,
    OPTIMIZERS,
    STARTS,
    STYLES,
    line_runs,
)
from recipes.lab import Finding, claim, figures, main, stats

NEAR_ZERO = 0.1  # from here on the note calls D(G(z)) "near 0"
TELLS = stats.Threshold(
    "a tenth of probability",
    0.1,
    "probability",
    "between 0.4 and 0.6 a discriminator hardly tells one from the other.",
)

# Networks that were never trained know nothing. What comes next depends on how both are
# trained: side by side, one step each, or with D ahead, as the reason in the statement
# supposes.


@claim(
    "gan-early-d-small",
    "At the start of training D(G(z)) is closer to 0 than to 1: the discriminator can "
    "tell that a sample is generated.",
    notes="000",
    scope="numbers from N(4, 1) and images, untrained, side by side or with D ahead",
)
def first_samples_are_told_apart(lab):
    """What D says of the first samples: untrained, side by side, and ahead."""
    images, line, steps = image_runs(lab), line_runs(lab), lab.settings.head_start

    def numbers(start: str, what: str, optimizers=tuple(OPTIMIZERS)) -> np.ndarray:
        return np.mean(
            [
                stats.column(line[f"{optimizer}, {start}, {loss}"], what)
                for optimizer in optimizers
                for loss in LOSSES
            ],
            axis=0,
        )

    untrained = [result["lead"][0]["d_fake"] for result in images]
    first_round = [
        np.mean([result["runs"][loss]["losses"]["d_fake"][0] for loss in LOSSES])
        for result in images
    ]
    even, ahead = STARTS
    seen = {
        "numbers, untrained": numbers(even, "d_fake"),
        **{
            f"numbers, {EARLY} steps side by side, {name}": numbers(
                even, "early", (name,)
            )
            for name in OPTIMIZERS
        },
        f"numbers, D {steps} steps ahead": numbers(ahead, "d_fake"),
        "images, untrained": untrained,
        f"images, {images[0]['looked_at'][1]} steps side by side": first_round,
    }
    means = {name: float(np.mean(values)) for name, values in seen.items()}
    lead = np.mean([[one["d_fake"] for one in r["lead"]] for r in images], axis=0)
    near = [n for n, d in zip(images[0]["lead_steps"], lead, strict=True)
            if d < NEAR_ZERO]  # fmt: skip
    lab.table(
        "Mean D(G(z)) of the first samples",
        ["networks", "D(G(z))"],
        list(means.items()),
    )
    return Finding(
        {
            name: stats.greater(np.full(len(values), 0.5), values, by=TELLS)
            for name, values in seen.items()
        },
        "Mean D(G(z)): {means:.2f}. On images D alone needs some {near} steps until it "
        "is below {near_zero}.",
        figure=draw_gradients,
        means=means,
        near=near[0] if near else f"more than {images[0]['lead_steps'][-1]}",
        near_zero=NEAR_ZERO,
        seen=seen,
        lead=[result["lead"] for result in images],
    )


def steps_until_half(distances: list[float]) -> int:
    """Steps until the distance to the data is below half of the first, for good.

    For good, because samples also pass by the data on their way to somewhere else.
    """
    above = np.flatnonzero(np.array(distances) > distances[0] / 2)
    return EVERY * (int(above[-1]) + 1)


# Steps are compared as ratios. A training that is never near for good counts as all its
# steps, which makes a difference smaller, never larger. On images three seeds decide
# nothing: what they show stands in the note.


@claim(
    "gan-strong-early-signal",
    "With -log D(G(z)) the generator gets a strong signal, so that it can improve "
    "faster than with log(1-D(G(z))).",
    says="can",
    hedge="so that it can quickly improve",
    notes="000",
    scope="numbers from N(4, 1), 600 updates: steps until half of the distance is left",
)
def improves_faster(lab):
    """Whether the non-saturating loss makes the generator improve faster."""
    runs = line_runs(lab)
    steps = {
        f"{optimizer}, {start}": {
            loss: [
                steps_until_half(run["distance"])
                for run in runs[f"{optimizer}, {start}, {loss}"]
            ]
            for loss in LOSSES
        }
        for optimizer in OPTIMIZERS
        for start in STARTS
    }
    logs = {
        loss: [
            np.mean(np.log([one["distance"] for one in r["runs"][loss]["looks"][1:]]))
            for r in image_runs(lab)
        ]
        for loss in LOSSES
    }
    on_images = np.subtract(logs["minimax"], logs["non_saturating"])
    return Finding(
        {
            name: stats.greater(
                found["minimax"], found["non_saturating"], by=stats.TENTH, scale="log"
            )
            for name, found in steps.items()
        },
        "Median steps until half of the distance is left for good, with -log D: "
        "{fast:.0f}; with log(1-D): {slow:.0f}. (Adam divides a gradient by its size.) "
        "On images, with Adam and {n} seeds, the distance on the way is {ratio:.2f} "
        "times as large with log(1-D).",
        figure=draw_gradients,
        fast={n: np.median(found["non_saturating"]) for n, found in steps.items()},
        slow={n: np.median(found["minimax"]) for n, found in steps.items()},
        n=len(on_images),
        ratio=float(np.exp(on_images.mean())),
        steps_until_half_is_left=steps,
        log_distance_ratio_on_images=on_images,
    )


def draw_gradients(lab):
    """The generator's gradient norm against D(G(z)), both losses at equal weights."""
    results = image_runs(lab)
    figure, axes = figures.new()
    axes.set(xscale="log", yscale="log")
    for loss, marker in zip(LOSSES, "os", strict=True):
        color = STYLES[loss]["color"]
        for index, result in enumerate(results):
            x, y = ([one[key] for one in result["lead"]] for key in ("d_fake", loss))
            label = f"{NAMES[loss]}, D trained alone" if not index else None
            axes.plot(x, y, marker=marker, label=label, **STYLES[loss])
        looks = [one for result in results for one in result["runs"][loss]["looks"]]
        x, y = ([one[key] for one in looks] for key in ("d_fake", loss))
        label = f"{NAMES[loss]}, both trained"
        axes.plot(x, y, marker, mfc="none", color=color, alpha=0.6, label=label)
    figures.describe(
        axes, sent_back(results), "mean D(G(z))", "norm of the generator's gradient"
    )
    figures.legend(axes)
    lab.figure(
        "gradients",
        figure,
        "Norm of the generator's gradient against D(G(z)): joined points while only D "
        "trains, open ones while both do.",
    )


def sent_back(results) -> str:
    """What log(1-D) sends back while D alone trains, in words."""
    ends = [(one["lead"][0]["minimax"], one["lead"][-1]["minimax"]) for one in results]
    if all(last < first for first, last in ends):
        return "The surer D is (left), the less log(1-D) sends back"
    return "What both losses send back, by how sure D is (left)"


if __name__ == "__main__":
    main(__file__)
