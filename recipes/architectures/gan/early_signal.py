"""Early signal: -log D is faster with SGD; Adam, which divides by size, hardly cares.

The notes argue for the non-saturating loss: at first D is sure, D(G(z)) is near 0, and
log(1 − D) has no slope there. Both halves are tried: what D says of the first samples,
untrained and after a head start, and how many steps either loss needs. Look at
`gradients` from right to left: the surer D is, the more the two gradients part.
"""

import numpy as np

from recipes.architectures.gan._images import image_runs
from recipes.architectures.gan._networks import (
    EVERY,
    LOSSES,
    MEAN,
    NAMES,
    OPTIMIZERS,
    STARTS,
    STYLES,
    line_runs,
)
from recipes.lab import Finding, claim, figures, main, stats

NEAR_ZERO = 0.1  # D(G(z)) "near 0", fixed before anything was judged
NEAR = 0.1  # "the mean is right": within this of the real one
STEPS = stats.Threshold(
    "ten steps", 10.0, "steps", "the samples are measured every ten steps."
)


@claim(
    "gan-early-d-small",
    "At the start of training D(G(z)) is near 0.",
    notes="002",
    scope="numbers from N(4, 1), and images, untrained or with D ahead",
)
def first_samples_are_told_apart(lab):
    """What D says of the first samples: untrained, ahead, and side by side."""
    images, head_start, seen = image_runs(lab), lab.settings.head_start, {}
    for start, steps in zip(STARTS, (0, head_start), strict=True):
        for optimizer in OPTIMIZERS:
            several = line_runs(lab)[f"{optimizer}, {start}, {LOSSES[0]}"]
            name = f"line, {optimizer}, after {steps} steps of D alone"
            seen[name] = [run["first"]["d_fake"] for run in several]
    for index, steps in enumerate(images[0]["lead_steps"]):
        name = f"images, after {steps} steps of D alone"
        seen[name] = [result["lead"][index]["d_fake"] for result in images]
    for loss in LOSSES:
        name = f"images, least of all rounds of both, {loss}"
        rounds = [result["runs"][loss]["losses"]["d_fake"] for result in images]
        seen[name] = [min(values) for values in rounds]
    below = {
        name: stats.greater(
            np.full(len(values), NEAR_ZERO), values, by=stats.ANY, scale="log"
        )
        for name, values in seen.items()
    }
    means = {name: float(np.mean(values)) for name, values in seen.items()}
    rows = list(means.items())
    lab.table("Mean D(G(z)) of the first samples", ["networks", "D(G(z))"], rows)
    return Finding(
        below,
        "Untrained networks say {untrained:.2f} of a generated image; D alone for "
        "{head_start} steps brings it to {ahead:.3f}. Near 0 means below {near_zero}.",
        figure=draw_gradients,
        untrained=means["images, after 0 steps of D alone"],
        head_start=head_start,
        ahead=means[f"images, after {head_start} steps of D alone"],
        near_zero=NEAR_ZERO,
        seen=seen,
        lead=[result["lead"] for result in images],
    )


def steps_until_near(means: list[float], steps: int) -> int:
    """Returns the first step measured whose mean is right, else all the steps."""
    for index, mean in enumerate(means):
        if abs(mean - MEAN) < NEAR:
            return index * EVERY
    return steps


def log_distances(results: list[dict]) -> dict[str, list[float]]:
    """For each loss, the mean logarithm of the distance to real images on the way."""
    found: dict[str, list[float]] = {}
    for loss in LOSSES:
        looks = [result["runs"][loss]["looks"][1:] for result in results]
        logs = [np.log([one["distance"] for one in several]) for several in looks]
        found[loss] = [float(np.mean(values)) for values in logs]
    return found


@claim(
    "gan-strong-early-signal",
    "With -log D(G(z)) the generator improves faster.",
    notes="002",
    scope="steps until the mean of N(4, 1) is near; distance of images on the way",
)
def improves_faster(lab):
    """Whether the non-saturating loss makes the generator improve faster."""
    steps, runs = lab.settings.line_steps, line_runs(lab)
    conditions, hits, ratios, farthest = {}, {}, {}, {}
    for optimizer in OPTIMIZERS:
        for start in STARTS:
            name = f"{optimizer}, {start}"
            several = {loss: runs[f"{name}, {loss}"] for loss in LOSSES}
            hits[name] = {
                loss: [steps_until_near(run["mean"], steps) for run in several[loss]]
                for loss in LOSSES
            }
            conditions[name] = stats.greater(
                hits[name]["minimax"], hits[name]["non_saturating"], by=STEPS
            )
            firsts = [run["first"] for run in several["minimax"]]
            ratios[name] = [f["non_saturating"] / f["minimax"] for f in firsts]
            farthest[name] = {
                loss: [max(run["mean"]) for run in several[loss]] for loss in LOSSES
            }
    on_images = log_distances(image_runs(lab))
    conditions["images, Adam, even start"] = stats.greater(
        np.exp(on_images["minimax"]),
        np.exp(on_images["non_saturating"]),
        by=stats.TENTH,
        scale="log",
    )
    gaps = dict(list(conditions.items())[:-1])
    return Finding(
        conditions,
        "Steps that the minimax loss takes longer until the samples' mean is within "
        "{near:g} of {mean:g}: {gaps}. On images the distance to real ones on the way "
        "is {on_images} as large with it.",
        figure=draw_gradients,
        near=NEAR,
        mean=MEAN,
        gaps=gaps,
        on_images=conditions["images, Adam, even start"],
        steps_until_near=hits,
        counted_where_never_near=steps,
        gradient_norm_ratio_at_first=ratios,
        largest_mean_on_the_way=farthest,
        log_distances=on_images,
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
    title = "The surer D is (left), the less log(1-D) sends back"
    figures.describe(axes, title, "mean D(G(z))", "norm of the generator's gradient")
    figures.legend(axes)
    lab.figure(
        "gradients",
        figure,
        "Norm of the generator's gradient against D(G(z)): joined points while only D "
        "trains, open ones while both do.",
    )


if __name__ == "__main__":
    main(__file__)
