"""Train steps of two models that take turns, so that other load falls on both."""

import time

import numpy as np


def compare(models: dict, x, y, pairs: int, repeats: int) -> dict:
    """Times train steps of two compiled models, pair by pair.

    Args:
        models: Two names to compiled models; the first is what the second is
            compared with.
        x: Inputs of one batch.
        y: Its targets.
        pairs: How often both take a turn.
        repeats: Steps of a turn.

    Returns:
        Milliseconds of a step by name (medians), `ratio` and `quartiles` of the
        paired ratios.
    """
    times: dict[str, list[float]] = {name: [] for name in models}
    for model in models.values():
        _step_seconds(model, x, y, 3)  # traces and warms up
    for pair in range(pairs):
        order = list(models) if pair % 2 else list(models)[::-1]
        for name in order:
            times[name].append(_step_seconds(models[name], x, y, repeats))
    first, second = (np.array(found) for found in times.values())
    low, middle, high = np.percentile(second / first, [25, 50, 75])
    found = {name: 1e3 * float(np.median(seconds)) for name, seconds in times.items()}
    return {**found, "ratio": middle, "quartiles": (low, high)}


def _step_seconds(model, x, y, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        model.train_on_batch(x, y)
    return (time.perf_counter() - start) / repeats
