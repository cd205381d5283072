"""Agreement: Keras's metrics are scikit-learn's, where both mean the same.

A metric is a number that others must be able to compute again. Keras computes it batch
by batch from counts, scikit-learn from all answers at once. Counts at one threshold
give the same number to the last digit. A curve is another matter: Keras keeps counts at
200 thresholds and joins them, scikit-learn takes every answer as a threshold.
"""

import keras
import numpy as np
from keras import metrics as keras_metrics
from sklearn import metrics as sklearn_metrics

from recipes.lab import Finding, claim, main, stats
from zoo import metrics_for, mlp

ROWS, BATCH, POSITIVE = 2000, 100, 0.1
THIRD_DIGIT = 1e-3  # a curve's area is never read to more digits


def answers(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels, one in ten positive, and probabilities that lean to the right side."""
    rng = np.random.default_rng([seed, 128])
    labels = (rng.random(ROWS) < POSITIVE).astype(int)
    logits = rng.normal(-2, 1.5, ROWS) + 3 * labels
    return labels, (1 / (1 + np.exp(-logits))).astype("float32")


def by_batches(metric: keras.metrics.Metric, labels, outputs) -> float:
    """What a metric of Keras says after all batches."""
    for start in range(0, len(labels), BATCH):
        rows = slice(start, start + BATCH)
        metric.update_state(labels[rows, None], outputs[rows, None])
    return float(np.asarray(keras.ops.convert_to_numpy(metric.result())).ravel()[-1])


def both(labels: np.ndarray, p: np.ndarray) -> dict[str, tuple[float, float]]:
    """Keras's number and scikit-learn's, by metric."""
    decided, logits = (p > 0.5).astype(int), np.log(p / (1 - p))
    network = mlp((2,), 1, units=(), task="binary")  # its metrics read logits

    def keras_says(metric, outputs=p) -> float:
        return by_batches(metric, labels.astype("float32"), outputs)

    return {
        "accuracy": (
            keras_says(keras_metrics.BinaryAccuracy()),
            sklearn_metrics.accuracy_score(labels, decided),
        ),
        "accuracy of logits, zoo.metrics_for": (
            keras_says(metrics_for(network)[0], logits),
            sklearn_metrics.accuracy_score(labels, decided),
        ),
        "precision": (
            keras_says(keras_metrics.Precision()),
            sklearn_metrics.precision_score(labels, decided),
        ),
        "recall": (
            keras_says(keras_metrics.Recall()),
            sklearn_metrics.recall_score(labels, decided),
        ),
        "F1": (
            keras_says(keras_metrics.F1Score(threshold=0.5)),
            sklearn_metrics.f1_score(labels, decided),
        ),
        "IoU": (
            keras_says(keras_metrics.BinaryIoU([1], threshold=0.5)),
            sklearn_metrics.jaccard_score(labels, decided),
        ),
        "area under the ROC curve": (
            keras_says(keras_metrics.AUC()),
            sklearn_metrics.roc_auc_score(labels, p),
        ),
        "area under precision and recall": (
            keras_says(keras_metrics.AUC(curve="PR")),
            sklearn_metrics.average_precision_score(labels, p),
        ),
    }


APART = "area under precision and recall"
CURVES = ("area under the ROC curve", APART)


@claim(
    "met-keras-scikit-learn",
    "Keras's metrics of two classes give scikit-learn's numbers, except for the area "
    "under precision and recall.",
    says="is",
    notes="ours",
    scope="2,000 answers, one in ten positive, in batches of 100; areas to 3 digits",
)
def keras_agrees(lab):
    """Every metric twice, from the same answers."""
    found = both(*answers())
    lab.table(
        f"{ROWS} answers, judged twice",
        ["metric", "Keras", "scikit-learn", "difference"],
        [
            [name, f"{one:.6f}", f"{other:.6f}", f"{one - other:+.1e}"]
            for name, (one, other) in found.items()
        ],
    )
    apart = {name: abs(one - other) for name, (one, other) in found.items()}
    exact = max(gap for name, gap in apart.items() if name not in CURVES)
    labels, p = answers()
    plain = by_batches(
        keras_metrics.BinaryAccuracy(), labels.astype("float32"), np.log(p / (1 - p))
    )
    return Finding(
        {
            name: stats.close(
                one,
                other,
                within=THIRD_DIGIT if name in CURVES else stats.CLOSE_FLOAT32,
            )
            for name, (one, other) in found.items()
            if name != APART
        }
        | {f"not the {APART}": apart[APART] > THIRD_DIGIT},
        "Counts agree to {exact:.0e}. Areas under curves, which Keras takes from 200 "
        "thresholds, differ by {areas:.1e}. The accuracy of logits is {right:.4f} read "
        'at 0, and {plain:.4f} with metrics=["binary_accuracy"], which reads them at '
        "0.5.",
        exact=exact,
        areas={name: apart[name] for name in CURVES},
        right=found["accuracy"][1],
        plain=plain,
        differences=apart,
    )


if __name__ == "__main__":
    main(__file__)
