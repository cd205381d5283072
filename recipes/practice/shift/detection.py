"""Detection: a classifier sees that images changed, not whether it matters.

Labels come late in deployment, or never. But images come, and if they are like those of
the dev set, nothing can tell the two apart better than a coin. So a second network
learns to tell them apart, and the area under its ROC curve on rows held back is the
alarm: one half means that it sees no difference.

What it sees are inputs. Where the same images get other labels it is blind, and where
a pixel changes that nobody uses it is alarmed all the same. So each alarm stands beside
what became of the accuracy.
"""

from functools import partial

import keras
import numpy as np
from sklearn.metrics import roc_auc_score

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from recipes.practice.shift._shifts import (
    CORNER,
    DARK,
    IMAGES,
    MOVED,
    NOISY,
    NONE,
    RARE,
    RENAMED,
    SHARES,
    changed,
    drop,
    parts,
)
from zoo import mlp

SHIFTS = (*IMAGES, RENAMED, SHARES)
ALARM = stats.Threshold(
    "an alarm",
    0.05,
    "area under the ROC curve above 0.5",
    "with 400 rows of each kind chance has a standard deviation of 0.02: an alarm at "
    "0.55 is false about once in a hundred times.",
)

DOMAIN = Study(
    partial(mlp, num_classes=1, units=(32,), task="binary"),
    keras.losses.BinaryCrossentropy(from_logits=True),
    "adam",
)


def train(case, seed, data) -> dict[str, float]:
    """Trains a network to tell deployment from before; returns `area` on other rows.

    Args:
        case: `shift`, one of `SHIFTS`; `epochs`.
        seed: Of images, weights and order.
        data: Images.
    """
    kind = case["shift"]
    found = parts(data, seed, RARE if kind == SHARES else 1)
    before = np.concatenate([found["learned"][0], found["dev"][0]])
    after = changed(found["deployed"][0], kind, seed)
    count = min(len(before), len(after)) // 2 * 2
    x = np.concatenate([before[:count], after[:count]])
    y = np.repeat([0, 1], count)
    learned = np.tile(np.arange(count) % 2 == 0, 2)  # every other row is held back

    def judge(model) -> dict[str, float]:
        logits = model.predict_on_batch(x[~learned])[:, 0]
        return {"area": float(roc_auc_score(y[~learned], logits))}

    return DOMAIN.train(
        (x[learned], y[learned, None].astype("float32")),
        seed,
        epochs=case["epochs"],
        batch_size=50,
        learning_rate=0.003,
        measure=judge,
    )["measured"]


@experiment
def areas(lab) -> dict[str, np.ndarray]:
    """The area under the ROC curve by kind of shift, one a seed."""
    cases = {kind: {"shift": kind, "epochs": lab.settings.epochs} for kind in SHIFTS}
    runs = lab.sweep(train, cases, data=lab.like_digits, title="detection")
    return {kind: stats.column(found, "area") for kind, found in runs.items()}


@claim(
    "shift-detect",
    "A classifier that tells images of the dev set from images of deployment detects "
    "a shift of the images, and is blind where only the labels' meaning changes, as in "
    "renamed classes.",
    says="always",
    notes="ours",
    scope="digits, about 400 images of each kind learned and 400 held back (200 of "
    "uneven classes), a network of 32 units, 15 epochs",
)
def detects_shifts(lab):
    """Areas under the ROC curve, and the fall of the accuracy beside each."""
    found = areas(lab)
    half = np.full(len(found[NONE]), 0.5)
    falls = {kind: float(drop(lab, kind).mean()) for kind in SHIFTS}
    lab.table(
        "Is deployment told from the dev set, and what becomes of accuracy?",
        ["shift", "area under the ROC curve", "fall of accuracy"],
        [[k, f"{found[k].mean():.3f}", f"{falls[k]:+.1%}"] for k in SHIFTS],
    )
    means = {kind: float(values.mean()) for kind, values in found.items()}
    return Finding(
        {
            kind: stats.greater(found[kind], half, by=ALARM)
            for kind in (NOISY, MOVED, DARK, SHARES)
        }
        | {
            f"{kind}: no alarm": stats.greater(
                half + ALARM.value, found[kind], by=stats.ANY
            )
            for kind in (NONE, RENAMED)
        },
        "The area is {none:.2f} where nothing shifts, and {least:.2f} to {most:.2f} "
        "with other images or shares. Renamed classes change no image: {renamed:.2f}, "
        "and accuracy falls by {renamed_fall:.0%}. With one bright pixel in the corner "
        "it is {corner:.2f}, and accuracy falls by {corner_fall:.1%}.",
        figure=draw_alarms,
        none=means[NONE],
        least=min(means[kind] for kind in (NOISY, MOVED, DARK, SHARES)),
        most=max(means[kind] for kind in (NOISY, MOVED, DARK, SHARES)),
        renamed=means[RENAMED],
        renamed_fall=falls[RENAMED],
        corner=means[CORNER],
        corner_fall=falls[CORNER],
        areas=means,
        falls=falls,
    )


def draw_alarms(lab):
    """The area and the fall of accuracy, side by side, by kind of shift."""
    found = areas(lab)
    falls = {kind: drop(lab, kind) for kind in SHIFTS}
    order = sorted(SHIFTS, key=lambda kind: falls[kind].mean())
    figure, (left, right) = figures.new(1, 2, width=9.6, height=4.2)
    for axes, values, color in (
        (left, found, figures.COLORS[0]), (right, falls, figures.COLORS[1])
    ):  # fmt: skip
        for place, kind in enumerate(order):
            seen = values[kind]
            axes.plot([seen.min(), seen.max()], [place, place], color=color, lw=3)
            axes.plot(seen.mean(), place, "o", ms=8, color=color)
        axes.set(ylim=(-0.6, len(order) - 0.4))
        axes.set_yticks(range(len(order)), order if axes is left else [])
    left.axvline(0.5 + ALARM.value, color="#000000", lw=0.8)
    left.text(0.5 + ALARM.value, len(order) - 0.75, " alarm", va="center")
    left.set(xlim=(0.45, 1.03))
    right.axvline(0, color="#000000", lw=0.8)
    right.xaxis.set_major_formatter("{x:.0%}")
    alarmed = [falls[k].mean() for k in SHIFTS if found[k].mean() > 0.5 + ALARM.value]
    title = f"{len(alarmed)} of {len(SHIFTS)} kinds raise an alarm"
    figures.describe(left, title, "area under the ROC curve", "")
    title = "Accuracy falls"
    if alarmed:
        title = f"These cost {min(alarmed):.0%} to {max(alarmed):.0%} of accuracy"
    figures.describe(right, title, "fall of accuracy", "")
    lab.figure(
        "alarms",
        figure,
        "How well a classifier tells deployment from the dev set, and by how much the "
        "accuracy falls, by kind of shift: means and ranges over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
