"""Counts and metrics at every threshold, and the threshold that a rule chooses."""

import numpy as np

HALF = "0.5"  # the rule that does not look


def counts(labels: np.ndarray, chances: np.ndarray) -> dict[str, np.ndarray]:
    """Hits and false alarms if everything from a threshold on is called positive.

    Args:
        labels: 0 or 1, (samples,).
        chances: Probabilities of 1, (samples,).

    Returns:
        `threshold`, every probability that occurs from the highest to the lowest, with
        `hits`, `alarms`, `misses` and `rejections` at each.
    """
    labels, chances = np.asarray(labels, int).ravel(), np.asarray(chances).ravel()
    order = np.argsort(-chances, kind="stable")
    ordered = chances[order]
    last = np.append(ordered[1:] != ordered[:-1], True)  # of equal probabilities
    hits = np.cumsum(labels[order])[last].astype(float)
    alarms = np.cumsum(1 - labels[order])[last].astype(float)
    return _filled(ordered[last], hits, alarms, labels)


def counts_at(
    labels: np.ndarray, chances: np.ndarray, threshold: float
) -> dict[str, np.ndarray]:
    """The same at one threshold, for rows that did not choose it."""
    labels, chances = np.asarray(labels, int).ravel(), np.asarray(chances).ravel()
    found = chances >= threshold
    hits, alarms = (
        float((found & (labels == 1)).sum()),
        float((found & (labels == 0)).sum()),
    )
    return _filled(np.array([threshold]), np.array([hits]), np.array([alarms]), labels)


def _filled(threshold, hits, alarms, labels) -> dict[str, np.ndarray]:
    return {
        "threshold": threshold,
        "hits": hits,
        "alarms": alarms,
        "misses": labels.sum() - hits,
        "rejections": (1 - labels).sum() - alarms,
    }


def metrics(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Accuracy, precision, recall, F1 and IoU of the counts; 0 where nothing is found.

    Also the false alarms and the misses as shares of all samples, whose weighted sum is
    what errors cost.
    """
    hits, alarms, misses = found["hits"], found["alarms"], found["misses"]
    samples = hits + alarms + misses + found["rejections"]
    return {
        "accuracy": (hits + found["rejections"]) / samples,
        "precision": hits / np.maximum(hits + alarms, 1),
        "recall": hits / np.maximum(hits + misses, 1),
        "F1": 2 * hits / np.maximum(2 * hits + alarms + misses, 1),
        "IoU": hits / np.maximum(hits + alarms + misses, 1),
        "alarms": alarms / samples,
        "misses": misses / samples,
    }


def chosen(rule, found: dict[str, np.ndarray]) -> float:
    """The threshold with the best score by a rule.

    Args:
        rule: The name of a metric, or what (a false alarm, a miss) costs. Where many
            thresholds are equally good the rule's name can't tell: recall takes the
            one of the best precision, and everything else that of the best recall.
        found: What `counts` returns.
    """
    by = metrics(found)
    if isinstance(rule, str):
        score = by[rule]
    else:
        score = -(rule[0] * by["alarms"] + rule[1] * by["misses"])
    second = by["precision" if rule == "recall" else "recall"]
    return float(found["threshold"][np.lexsort((second, score))[-1]])


def judged(rules: dict, validation: tuple, test: tuple) -> dict[str, dict[str, float]]:
    """Metrics on test rows at the threshold that each rule chooses on validation rows.

    Args:
        rules: Name to a rule of `chosen`; `HALF` is added.
        validation: Labels and probabilities that choose.
        test: Labels and probabilities that judge.
    """
    seen = counts(*validation)
    cuts = {HALF: 0.5} | {name: chosen(rule, seen) for name, rule in rules.items()}
    found = {}
    for name, cut in cuts.items():
        values = metrics(counts_at(*test, cut))
        found[name] = {key: float(value[0]) for key, value in values.items()}
        found[name]["threshold"] = cut
    return found
