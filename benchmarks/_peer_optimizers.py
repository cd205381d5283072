"""The notes' optimizer experiment as `recipes run` shares it: one thread a training."""

import os
import resource
import sys

import _peer_works as works
from _peer_worker import Contestant

from recipes.lab.running import threads, workers


def contestant(work: works.Work, precision) -> Contestant:
    """Trains the four optimizers of a seed in warm workers.

    The first round starts the workers and compiles in each of them.

    Args:
        work: What to train.
        precision: What `recipes.lab.precision` chose.
    """
    import keras
    from _peer_keras_models import compiled, trainable

    from recipes.optimization.optimizers._network import NOTES_OPTIMIZERS

    keras.config.set_dtype_policy(precision.policy)
    parameters = trainable(compiled(work.name))
    jobs = threads.default_jobs()
    peaks: dict[int, int] = {}  # worker to bytes

    def train(seed: int) -> float:
        tasks = [(work, name, seed, precision.policy) for name in NOTES_OPTIMIZERS]
        losses = []
        for _, found in workers.run(one_optimizer, tasks, jobs, ""):
            if found is None:
                raise RuntimeError("a worker died")
            loss, worker, peak = found
            losses.append(loss)
            peaks[worker] = peak
        return sum(losses) / len(losses)

    detail = f"{jobs} × {precision.policy.replace('mixed_', '')}"
    about = {"parameters": parameters, "detail": detail}
    notes = {"backend": keras.backend.backend(), "reason": precision.reason}
    return Contestant(train, lambda: about, notes, lambda: sum(peaks.values()))


def one_optimizer(task: tuple) -> tuple[float, int, int]:
    """Trains a network in a worker: its last loss, the worker, its peak memory."""
    import keras

    from recipes.lab import fit
    from recipes.optimization.optimizers._network import initial_weights

    work, name, seed, policy = task
    keras.config.set_dtype_policy(policy)
    restart, x, y = _prepared(work, name)
    keras.utils.set_random_seed(seed)
    restart(initial_weights(restart.model, seed, notes=True))
    size = {"batch_size": work.batch, "epochs": work.epochs}
    history = fit(restart.model, x, y, seed=seed, xla=True, **size)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return float(history.history["loss"][-1]), os.getpid(), peak


def _prepared(work: works.Work, name: str):
    """A model that is compiled once for all seeds, and the data."""
    import keras
    from _peer_keras_models import compiled

    from recipes.lab.training.restart import Restart
    from recipes.optimization.optimizers._network import NOTES_OPTIMIZERS

    if "data" not in _KEPT:
        _KEPT["data"] = works.arrays(work)
    if name not in _KEPT:
        optimizer = keras.optimizers.get(NOTES_OPTIMIZERS[name])
        _KEPT[name] = Restart(compiled(work.name, optimizer))
    return _KEPT[name], *_KEPT["data"]


_KEPT: dict = {}  # by a worker, which has one work only
