"""What a discriminator says of generated examples, for both losses of a GAN."""

from typing import Any

import keras
from keras import ops


def judge_generated(
    discriminator: keras.Model, generated: Any, training: bool | None
) -> tuple[Any, Any]:
    """Logits on generated examples, twice: for the discriminator, for the generator.

    The gradient of the first goes to the discriminator's weights only, that of the
    second to the examples only. On TensorFlow both come from one pass where a second
    one would give the same logits; there it also leaves nothing to undo in the moving
    statistics. XLA, and with it JAX, joins the two passes by itself.

    Shapes: (batch, ...) -> (batch, 1), (batch, 1)
    """
    if training and passes_agree(discriminator):
        return _judge_in_one_pass(discriminator, generated)
    fake = discriminator(ops.stop_gradient(generated), training=training)
    judged = discriminator.stateless_call(
        [ops.stop_gradient(v.value) for v in discriminator.trainable_variables],
        [v.value for v in discriminator.non_trainable_variables],
        generated,
        training=training,
    )[0]
    return fake, judged


def passes_agree(network: keras.Model) -> bool:
    """Whether TensorFlow may take one pass in training for two over the same inputs.

    Not where a layer draws numbers, adds a loss, goes on from a state of its own or is
    not known. Moving statistics do not enter what batch normalization returns in
    training.
    """
    if keras.backend.backend() != "tensorflow":
        return False
    return all(map(_returns_the_same, network._flatten_layers()))


def _returns_the_same(layer: keras.layers.Layer) -> bool:
    own = type(layer).__module__.split(".")[0] == "keras"
    if not own or isinstance(layer, keras.layers.Lambda):
        return False
    if getattr(layer, "activity_regularizer", None) is not None:
        return False
    if any(isinstance(v, keras.random.SeedGenerator) for v in vars(layer).values()):
        return False
    normalizes = isinstance(layer, keras.layers.BatchNormalization)
    return normalizes or not layer._non_trainable_variables


def _judge_in_one_pass(network: keras.Model, generated: Any) -> tuple[Any, Any]:
    import tensorflow as tf

    @tf.custom_gradient
    def judge(examples):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(examples)
            logits = network(examples, training=True)

        def gradient(of_weights, of_examples, variables=None):
            for_examples = tape.gradient(logits, examples, of_examples)
            if not variables:  # all are frozen
                return for_examples
            return for_examples, tape.gradient(logits, variables, of_weights)

        return (logits, tf.identity(logits)), gradient

    return judge(generated)
