"""Ours: `recipes.lab.fit`, in the precision that `recipes.lab.precision` chooses."""

import os

import _peer_works as works
from _peer_pair import Pair
from _peer_worker import Contestant, serve

from recipes.lab import fit
from recipes.lab.training import quiet


def build(work: works.Work) -> Contestant:
    pair = Pair() if work.name == "optimizers" else None
    quiet.load_backend()

    import keras
    from _peer_keras_models import trainable

    from recipes.lab.training import precision

    keras.utils.set_random_seed(0)
    choice = precision.choose("auto", work.family)
    keras.config.set_dtype_policy(choice.policy)
    x, y = works.arrays(work)
    models, train = four_optimizers(work, x, y, pair) if pair else one(work, x, y)

    def describe():
        if not models:
            return {}
        xla = any(getattr(model.train_function, "xla", False) for model in models)
        detail = choice.policy.replace("mixed_", "") + " XLA" * xla
        if pair and pair.part[1] > 1:
            detail = f"{pair.part[1]} × {detail}"
        return {"parameters": trainable(models[0]), "detail": detail}

    notes = {"backend": keras.backend.backend(), "reason": choice.reason}
    others = (lambda: pair.peak) if pair else (lambda: 0)
    return Contestant(train, describe, notes, others)


def one(work: works.Work, x, y):
    """Makes a model, and a function of a seed that trains it on for a round."""
    from _peer_keras_models import compiled, targets

    model, y = compiled(work.name), targets(work.name, y)

    def train(seed):
        history = fit(model, x, y, batch_size=work.batch, epochs=work.epochs, seed=seed)
        return history.history["loss"][-1]

    return [model], train


def four_optimizers(work: works.Work, x, y, pair: Pair):
    """The notes' experiment as the recipe `optimizers` runs it, for one seed.

    Models are compiled in the first round, which pays for that.
    """
    from _peer_keras_models import compiled
    from rich.console import Console

    from recipes.lab.reporting.console import Output
    from recipes.lab.running.old.members import Members
    from recipes.lab.running.old.sweep import run_members
    from recipes.lab.training.restart import Restart
    from recipes.optimization._optimizer_network import (
        initial_weights,
        notes_optimizers,
    )

    models, restarts = [], {}
    nowhere = Output(Console(file=open(os.devnull, "w")))  # noqa: SIM115 - kept
    members = Members(pair.folder)
    optimizers = notes_optimizers()

    def one_optimizer(name, seed):
        if name not in restarts:
            models.append(compiled(work.name, optimizers[name]))
            restarts[name] = Restart(models[-1])
        model = restarts[name].model
        restarts[name](initial_weights(model, seed, notes=True))
        size = {"batch_size": work.batch, "epochs": work.epochs}
        return {"loss": fit(model, x, y, seed=seed, **size).history["loss"][-1]}

    def sweep(seed):
        told = {"title": "notes", "key": "", "members": members, "output": nowhere}
        cases = {name: name for name in optimizers}
        found = run_members(one_optimizer, cases, [seed], part=pair.part, **told)
        return sum(value["loss"] for value in found.values()) / len(found)

    pair.wait_until_ready()
    return models, lambda seed: pair.train(sweep, seed)


if __name__ == "__main__":
    serve("keras", build)
