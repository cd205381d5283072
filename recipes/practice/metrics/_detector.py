"""A detector on two Gaussians, and the thresholds that rules choose for it."""

import keras
import numpy as np

from recipes.lab import Study, experiment, generators, stats
from recipes.practice.metrics._curves import counts_at, judged, metrics
from zoo import mlp

GAP = 2.0  # between the means of the two classes, in standard deviations
RARE, EVEN = 0.05, 0.5  # shares of positives
ROWS, TEST_ROWS = 2000, 20_000  # to learn from and to choose by; to judge on
# What a false alarm and a miss cost.
COSTS = {
    "errors cost the same": (1.0, 1.0),
    "a false alarm costs ten misses": (10.0, 1.0),
    "a miss costs ten false alarms": (1.0, 10.0),
}
RULES = {name: name for name in ("accuracy", "precision", "recall", "F1")} | COSTS
GRID = tuple(float(p) for p in 1 / (1 + np.exp(-np.linspace(-7, 7, 57))))

STUDY = Study(mlp, keras.losses.BinaryCrossentropy(from_logits=True), "adam")


def train(case, seed, data) -> dict:
    """Trains a detector; returns what each rule's threshold is worth on new rows.

    Args:
        case: `positive`, the share of positives; `passes`.
        seed: Of rows, weights and order.
        data: Not used.

    Returns:
        `rules`, for each of `RULES` and 0.5 the metrics on test rows and the threshold;
        `curve`, metrics on test rows at each threshold of `GRID`.
    """
    x, y, *others = (
        array
        for part, count in enumerate((ROWS, ROWS, TEST_ROWS))
        for array in generators.imbalanced(
            count, case["positive"], GAP, 3 * seed + part
        )
    )

    def judge(model) -> dict:
        parts = []
        for new_x, new_y in (others[:2], others[2:]):
            logits = model.predict_on_batch(new_x)[:, 0]
            parts.append((new_y, 1 / (1 + np.exp(-logits.astype(float)))))
        at = [metrics(counts_at(*parts[1], cut)) for cut in GRID]
        names = ("accuracy", "precision", "recall", "F1")
        curve = {name: [float(found[name][0]) for found in at] for name in names}
        return {"rules": judged(RULES, *parts), "curve": curve}

    return STUDY.train(
        (x, y[:, None].astype("float32")),
        seed,
        epochs=case["passes"],
        batch_size=100,
        learning_rate=0.01,
        network={"num_classes": 1, "task": "binary", "units": [16]},
        measure=judge,
    )["measured"]


@experiment
def detectors(lab, positive: float) -> list[dict]:
    """The detectors of classes of a share, one a seed."""
    cases = {f"{positive:.0%}": {"positive": positive, "passes": lab.settings.passes}}
    title = f"detectors, {positive:.0%} positive"
    return lab.sweep(train, cases, title=title)[f"{positive:.0%}"]


def cost(runs: list[dict], rule: str, costs: tuple[float, float]) -> np.ndarray:
    """What the errors at a rule's threshold cost a row, one number a run."""
    alarm, miss = costs
    of_rule = [run["rules"][rule] for run in runs]
    return np.array([alarm * at["alarms"] + miss * at["misses"] for at in of_rule])


def column(runs: list[dict], rule: str, name: str) -> np.ndarray:
    """A metric at a rule's threshold, one number a run."""
    return stats.column([run["rules"][rule] for run in runs], name)
