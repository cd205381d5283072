"""Keras as people write it: `model.fit(x, y, batch_size=...)` in float32."""

import _peer_works as works
from _peer_worker import Contestant, serve

from recipes.lab.training import quiet


def build(work: works.Work) -> Contestant:
    quiet.load_backend()

    import keras
    from _peer_keras_models import compiled, targets, trainable

    from zoo import _blocks

    # People write Keras's own layer.
    _blocks.FusedBatchNormalization = keras.layers.BatchNormalization
    keras.utils.set_random_seed(0)
    x, y = works.arrays(work)
    model, y = compiled(work.name), targets(work.name, y)

    def train(seed):
        history = model.fit(x, y, batch_size=work.batch, epochs=work.epochs, verbose=0)
        return history.history["loss"][-1]

    notes = {"backend": keras.backend.backend()}
    return Contestant(train, lambda: {"parameters": trainable(model)}, notes)


if __name__ == "__main__":
    serve("keras", build)
