"""Writes the outputs of the small models, with weights from seeds, to a file.

Run by test_zoo_backends.py in a process of its own for each backend.
"""

import sys

import keras
import numpy as np
import zoo_cases

import zoo


def main(path):
    outputs = {}
    for name, build in zoo_cases.CASES.items():
        model = build()
        zoo_cases.fill(model)
        x = zoo_cases.inputs(model)
        outputs[name] = np.asarray(model.predict_on_batch(x))
        if name in ("lenet_reduced", "resnet", "resnet_v2", "dcgan_generator"):
            # Batch statistics take another way through the code than moving ones.
            outputs[f"{name}/training"] = zoo_cases.to_numpy(model(x, training=True))
    gan = zoo.dcgan((8, 8, 1), 3, filters=4)
    zoo_cases.fill(gan.generator)
    outputs["dcgan/generate"] = gan.generate(3, seed=0)
    lm = zoo.char_lm(7, units=(8,))
    zoo_cases.fill(lm, scale=1.0)
    outputs["char_lm/sample"] = zoo.sample(lm, [1, 2], 20, seed=0)
    np.savez(path, backend=keras.backend.backend(), **outputs)


if __name__ == "__main__":
    main(sys.argv[1])
