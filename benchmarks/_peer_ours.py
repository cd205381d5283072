"""Ours: `recipes.lab.fit`, in the precision that `recipes.lab.precision` chooses."""

from recipes.lab import fit, quiet

import _peer_works as works
from _peer_worker import Contestant, serve


def build(work: works.Work) -> Contestant:
    quiet.load_backend()

    from recipes.lab import precision

    import keras
    from _peer_keras_models import trainable

    keras.utils.set_random_seed(0)
    choice = precision.choose("auto", work.family)
    keras.config.set_dtype_policy(choice.policy)
    make = four_optimizers if work.name == "optimizers" else one
    models, train = make(work, *works.arrays(work))

    def describe():
        if not models:
            return {}
        xla = any(getattr(model.train_function, "xla", False) for model in models)
        detail = choice.policy.replace("mixed_", "") + " XLA" * xla
        return {"parameters": trainable(models[0]), "detail": detail}

    notes = {"backend": keras.backend.backend(), "reason": choice.reason}
    return Contestant(train, describe, notes)


def one(work: works.Work, x, y):
    """Makes a model, and a function of a seed that trains it on for a round."""
    from _peer_keras_models import compiled, targets

    model, y = compiled(work.name), targets(work.name, y)

    def train(seed):
        history = fit(model, x, y, batch_size=work.batch, epochs=work.epochs, seed=seed)
        return history.history["loss"][-1]

    return [model], train


def four_optimizers(work: works.Work, x, y):
    """The notes' experiment as the recipe `optimizers` runs it, for one seed.

    Models are compiled in the first round, which pays for that.
    """
    from recipes.lab.restart import Restart
    from recipes.optimization._optimizer_network import (
        initial_weights,
        notes_optimizers,
    )

    from _peer_keras_models import compiled

    models, restarts = [], []

    def train(seed):
        if not models:
            optimizers = notes_optimizers().values()
            models.extend(compiled(work.name, optimizer) for optimizer in optimizers)
            restarts.extend(map(Restart, models))
        losses = []
        for model, restart in zip(models, restarts, strict=True):
            restart(initial_weights(model, seed, notes=True))
            history = fit(
                model, x, y, batch_size=work.batch, epochs=work.epochs, seed=seed
            )
            losses.append(history.history["loss"][-1])
        return sum(losses) / len(losses)

    return models, train


if __name__ == "__main__":
    serve("keras", build)
