"""The benchmark's networks in PyTorch and JAX are those of the zoo."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import _peer_works as works


def with_weights_of(network, model):
    """Copies a Keras model's weights into the same network in PyTorch."""
    import torch

    state = network.state_dict()
    places = [key for key in state if "num_batches" not in key and "bias_hh" not in key]
    for key, value in zip(places, model.get_weights(), strict=True):
        value = np.transpose(value, (3, 2, 0, 1)) if value.ndim == 4 else value
        turned = value.ndim == 2 and "embedding" not in key
        state[key] = torch.from_numpy((value.T if turned else value).copy())
    network.load_state_dict(state)
    return network


def keras_network(name):
    import zoo

    if name in ("generator", "discriminator"):
        return getattr(zoo.dcgan(seed=0), name)
    if name == "resnet20":
        return zoo.resnet20((33, 33, 3))  # odd: there both frameworks pad alike
    from _peer_keras_models import compiled

    return compiled(name)


@pytest.mark.parametrize(
    "name", ["mlp", "lenet", "resnet20", "lstm", "generator", "discriminator"]
)
def test_the_networks_in_pytorch_are_the_zoos(name):
    torch = pytest.importorskip("torch")
    import _peer_torch_models as peer
    import keras
    from _peer_keras_models import trainable

    keras.utils.set_random_seed(1)
    model = keras_network(name)
    gan = {"generator": peer.Generator, "discriminator": peer.Discriminator}
    network = {**peer.NETWORKS, **gan}[name]()
    assert peer.count(network) == trainable(model)
    with_weights_of(network, model)
    rng = np.random.default_rng(0)
    x = rng.random((4, *model.input_shape[1:]), "float32")
    if name == "lstm":
        x = rng.integers(0, works.VOCABULARY, (4, works.TOKENS))
    theirs = torch.from_numpy(x)
    theirs = theirs.permute(0, 3, 1, 2) if theirs.ndim == 4 else theirs
    with torch.no_grad():
        outputs = network(theirs)  # batch statistics, as in training
    outputs = outputs.permute(0, 2, 3, 1) if outputs.ndim == 4 else outputs
    expected = keras.ops.convert_to_numpy(model(x, training=True))
    np.testing.assert_allclose(outputs.numpy(), expected, rtol=1e-3, atol=1e-4)


def test_the_network_in_jax_learns():
    pytest.importorskip("optax")
    import _peer_jax as peer

    contestant = peer.build(works.named("mlp", True))
    assert contestant.describe()["parameters"] == 109_386
    losses = [float(contestant.train(seed)) for seed in range(5)]
    assert losses[-1] < 0.7 * losses[0]
