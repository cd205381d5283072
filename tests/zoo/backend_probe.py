"""Writes what the small models put out and learn, with weights from seeds, to a file.

Run by test_zoo_backends.py in a process of its own for each backend.
"""

import sys

import keras
import numpy as np
import zoo_cases

import zoo

TRAINED = (
    *("mlp_ordinal", "unet_plain", "unet_any_size"),
    *("mlp", "lenet_reduced", "resnet", "resnet_v2"),
    *("lstm", "lstm_tokens", "simple_rnn", "char_lm"),
    *("dcgan_generator", "dcgan_discriminator"),
)
TOKENS = {
    "lstm_masked": {"mask_zero": True},
    "gru": {"cell": "gru", "bidirectional": True},
}


def trained(model, optimizer):
    """Losses of three steps, and every weight after them."""
    zoo_cases.fill(model)
    x = zoo_cases.inputs(model, examples=16)
    shape = (16, *(size or 5 for size in model.output_shape[1:]))
    y = np.random.default_rng(1).standard_normal(shape).astype("float32")
    model.compile(optimizer, "mse", run_eagerly=True)
    losses = [np.ravel(model.train_on_batch(x, y))[0] for _ in range(3)]
    weights = [w.ravel() for w in model.get_weights() if w.dtype == "float32"]
    return {"losses": np.array(losses), "weights": np.concatenate(weights)}


def ordinal_and_several_heads():
    """Three steps of an ordinal head with its own loss beside a regression's."""
    trunk = zoo.mlp((8,), 2, units=(6,), include_top=False)
    heads = {"grade": (4, "ordinal"), "size": (1, "regression"), "kind": 3}
    model = zoo.with_heads(trunk, heads)
    zoo_cases.fill(model)
    rng = np.random.default_rng(3)
    x = rng.standard_normal((16, 8)).astype("float32")
    y = {
        "grade": rng.integers(0, 4, 16), "size": x[:, :1],
        "kind": rng.integers(0, 3, 16),
    }  # fmt: skip
    losses = {
        "grade": zoo.losses.OrdinalCrossentropy(4), "size": "mse",
        "kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    }  # fmt: skip
    model.compile("sgd", losses, run_eagerly=True)
    seen = [np.ravel(model.train_on_batch(x, y))[0] for _ in range(3)]
    found = zoo_cases.to_numpy(zoo.grades(model(x)["grade"]))
    metric = zoo.GradeError()
    metric.update_state(y["grade"], model(x)["grade"])
    return {
        "heads/losses": np.array(seen),
        "heads/grades": found,
        "heads/grade_error": np.array([float(metric.result())]),
    }


def main(path):
    outputs = {}
    for name in TRAINED:
        model = zoo_cases.CASES[name]()
        for key, value in trained(model, keras.optimizers.SGD(0.01)).items():
            outputs[f"{name}/trained/{key}"] = value
    for name, settings in TOKENS.items():
        model = zoo.recurrent((6,), 3, vocabulary_size=4, units=(5,), **settings)
        for key, value in trained(model, keras.optimizers.Adam(0.01)).items():
            outputs[f"{name}/trained/{key}"] = value
    for name, build in zoo_cases.CASES.items():
        model = build()
        zoo_cases.fill(model)
        x = zoo_cases.inputs(model)
        outputs[name] = np.asarray(model.predict_on_batch(x))
        if name in ("lenet_reduced", "resnet", "resnet_v2", "dcgan_generator"):
            # Batch statistics take another way through the code than moving ones.
            outputs[f"{name}/training"] = zoo_cases.to_numpy(model(x, training=True))
    outputs |= ordinal_and_several_heads()
    gan = zoo.dcgan((8, 8, 1), 3, filters=4)
    zoo_cases.fill(gan.generator)
    outputs["dcgan/generate"] = gan.generate(3, seed=0)
    lm = zoo.char_lm(7, units=(8,))
    zoo_cases.fill(lm, scale=1.0)
    outputs["char_lm/sample"] = zoo.sample(lm, [1, 2], 20, seed=0)
    np.savez(path, backend=keras.backend.backend(), **outputs)


if __name__ == "__main__":
    main(sys.argv[1])
