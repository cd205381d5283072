"""Does half precision pay on this machine? Time of a training step against float32.

Both policies' models live in one process and take turns, so that other load on the
machine falls on both alike. Printed are medians of the paired ratios; below 1 the
mixed policy is faster.

    python benchmarks/zoo_precision.py [--policy mixed_bfloat16] [--pairs 30] [NAME ...]

The backend is that of KERAS_BACKEND. `recipes/lab/precision.py` follows the numbers.
"""

import argparse

import keras
import numpy as np
from _kept import Kept
from _pairs import compare

import zoo

CASES = {
    "mlp": (lambda: zoo.mlp((784,), 10), (128, 784), 10),
    "lenet": (lambda: zoo.lenet(), (128, 28, 28, 1), 10),
    "resnet20": (lambda: zoo.resnet20(), (32, 32, 32, 3), 10),
    "lstm": (lambda: zoo.lstm((50, 32), 10, units=(128,)), (64, 50, 32), 10),
    "gru": (lambda: zoo.gru((50, 32), 10, units=(128,)), (64, 50, 32), 10),
}


def compiled(build, policy):
    keras.config.set_dtype_policy(policy)
    model = build()
    keras.config.set_dtype_policy("float32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(), loss=loss)
    return model


def compare_policies(name, policy, pairs, repeats):
    """Prints a row; returns its ratio."""
    build, shape, classes = CASES[name]
    rng = np.random.default_rng(0)
    x = rng.random(shape, "float32")
    y = rng.integers(0, classes, shape[0])
    models = {key: compiled(build, key) for key in ("float32", policy)}
    found = compare(models, x, y, pairs, repeats)
    low, high = found["quartiles"]
    print(
        f"{name:9s} float32 {found['float32']:7.2f} ms  {policy} "
        f"{found[policy]:7.2f} ms  ratio {found['ratio']:.2f} "
        f"(quartiles {low:.2f} to {high:.2f})",
        flush=True,
    )
    return found["ratio"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(CASES))
    parser.add_argument("--policy", default="mixed_bfloat16")
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    print(f"backend {keras.backend.backend()}, {arguments.pairs} pairs")
    kept = Kept(f"zoo_precision-{keras.backend.backend()}")
    for name in arguments.names:
        pairs = arguments.pairs, arguments.repeats
        ratio = compare_policies(name, arguments.policy, *pairs)
        kept.row(f"{name} {arguments.policy}", wall=ratio)
    kept.end()


if __name__ == "__main__":
    main()
