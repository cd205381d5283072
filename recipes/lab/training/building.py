"""State that Keras makes in the first step of a training, made before it."""

import contextlib

import keras

from recipes.lab.training.order import ShuffledArrays


def build_state(model: keras.Model, batches: ShuffledArrays) -> None:
    """Makes the variables of optimizer, loss and metrics, as Keras does on JAX.

    Where a step makes variables while TensorFlow traces it, it is traced twice, which
    is most of what a short training takes. A model with a train step of its own, or one
    that is not built yet, makes them in the step, as ever; so does what can't be made
    from shapes alone.

    Args:
        model: A compiled model.
        batches: What it is trained on; a first call draws one.
    """
    if keras.backend.backend() != "tensorflow" or model.run_eagerly:
        return
    parts = (model.optimizer, model._compile_loss, model._compile_metrics)
    if all(part is None or part.built for part in parts):
        return
    own = type(model).train_step is not keras.Model.train_step
    if own or not all(layer.built for layer in model._flatten_layers()):
        return
    with contextlib.suppress(Exception):  # the step says what is wrong
        model._symbolic_build(data_batch=batches[0])
