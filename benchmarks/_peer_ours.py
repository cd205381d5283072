"""Ours: `recipes.lab.fit`, in the precision that `recipes.lab.precision` chooses."""

import _peer_optimizers
import _peer_works as works
from _peer_worker import Contestant, serve

from recipes.lab import fit
from recipes.lab.training import quiet


def build(work: works.Work) -> Contestant:
    quiet.load_backend()

    import keras
    from _peer_keras_models import compiled, targets, trainable

    from recipes.lab.training import precision

    keras.utils.set_random_seed(0)
    choice = precision.choose("auto", work.family)
    if work.name == "optimizers":
        return _peer_optimizers.contestant(work, choice)
    keras.config.set_dtype_policy(choice.policy)
    x, y = works.arrays(work)
    model, y = compiled(work.name), targets(work.name, y)

    def train(seed):
        history = fit(model, x, y, batch_size=work.batch, epochs=work.epochs, seed=seed)
        return history.history["loss"][-1]

    def describe():
        xla = getattr(model.train_function, "xla", False)
        detail = choice.policy.replace("mixed_", "") + " XLA" * bool(xla)
        return {"parameters": trainable(model), "detail": detail}

    notes = {"backend": keras.backend.backend(), "reason": choice.reason}
    return Contestant(train, describe, notes)


if __name__ == "__main__":
    serve("keras", build)
