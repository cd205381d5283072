"""Trainings that are killed and resumed, and a server that forks them.

`python -m tests.lab.resuming` loads Keras once and forks a process for each line of
JSON that it reads: {"case", "folder", "checkpoint", "every"}. It answers with the
process's id, and with its exit status in the end. What a training ended with lies in
`ended.json` in its folder.
"""

import hashlib
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


# ---- The tests' side: no Keras here.


class Server:
    """Forks trainings; the caller may kill them from outside."""

    def __init__(self, backend: str = "tensorflow"):
        # What a life of a training has compiled, the next one need not: JAX is slow.
        # PyTorch's threads wait for each other where others use the cores.
        self.compiled = tempfile.TemporaryDirectory()
        quick = {
            "OMP_NUM_THREADS": "1",
            "JAX_COMPILATION_CACHE_DIR": self.compiled.name,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.lab.resuming"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **quick, "KERAS_BACKEND": backend},
        )

    def start(self, **order) -> int:
        """Starts a training; returns its process's id."""
        self.process.stdin.write(json.dumps({**order, "folder": str(order["folder"])}))
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def wait(self) -> int:
        """Waits for the training that was started last; returns its exit status."""
        return int(self.process.stdout.readline())

    def run(self, **order) -> dict:
        """Trains to the end, undisturbed; returns what it ended with."""
        self.start(**order)
        assert self.wait() == 0, (Path(order["folder"]) / "log").read_text()
        return ended(order["folder"])

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        self.compiled.cleanup()


def ended(folder) -> dict:
    return json.loads((Path(folder) / "ended.json").read_text())


def resumed(folder) -> int:
    """How often a training went on from a checkpoint."""
    return (Path(folder) / "log").read_text().count("fit goes on after")


def steps_trained(folder) -> int:
    """How many steps were trained in all lives of a training."""
    return sum(map(int, (Path(folder) / "steps").read_text().split()))


# ---- The trainings' side.


def data():
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(330, 12)).astype("float32")
    images = rng.random((120, 12, 12, 3)).astype("float32")
    return x, (x[:, :3].argmax(1)).astype("int32"), images


def mlp(folder):
    import keras

    x, y, _ = data()
    layers = keras.layers
    model = keras.Sequential(
        [layers.Dense(24, activation="relu"), layers.BatchNormalization(),
         layers.Dropout(0.3), layers.Dense(3)]
    )  # fmt: skip
    model.compile(keras.optimizers.Adam(0.02), crossentropy(), metrics=["accuracy"])
    callbacks = [
        keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=0.05),
        keras.callbacks.EarlyStopping(patience=40, restore_best_weights=True),
        keras.callbacks.ModelCheckpoint(
            f"{folder}/best.weights.h5", save_best_only=True, save_weights_only=True
        ),
        keras.callbacks.CSVLogger(f"{folder}/log.csv"),
    ]
    return model, {
        "x": x[:250],
        "y": y[:250],
        "validation_data": (x[250:], y[250:]),
        "batch_size": 16,
        "epochs": 12,
        "callbacks": callbacks,
    }


def stops(folder):
    """A training that stops early."""
    import keras

    model, given = mlp(folder)
    stopping = keras.callbacks.EarlyStopping("accuracy", patience=0, min_delta=0.5)
    given["callbacks"].append(stopping)
    return model, given


def several_steps(folder):
    model, given = mlp(folder)
    model.steps_per_execution = 4
    return model, given


def plain(folder):
    model, given = mlp(folder)
    return model, {**given, "resident": False}


def bfloat16(folder, policy="mixed_bfloat16"):
    """Loss scale and accumulated gradients, in mixed precision."""
    import keras

    keras.config.set_dtype_policy(policy)
    model, given = mlp(folder)
    inner = keras.optimizers.Adam(0.01, gradient_accumulation_steps=3)
    scale = keras.optimizers.LossScaleOptimizer(inner, dynamic_growth_steps=5)
    model.compile(scale, crossentropy(), metrics=["accuracy"])
    given["callbacks"].pop(0)
    return model, given


def float16(folder):
    return bfloat16(folder, "mixed_float16")


def scheduled(folder):
    import keras

    model, given = mlp(folder)
    rate = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.7)
    return model, {**given, "callbacks": [rate]}


def on_images(images, y):
    return {
        "x": images[:90],
        "y": y[:90],
        "validation_data": (images[90:], y[90:120]),
        "batch_size": 10,
        "epochs": 5,
    }


def lenet(folder):
    """Augmentation and a plateau."""
    import keras

    _, y, images = data()
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((12, 12, 3)), layers.RandomFlip("horizontal"),
         layers.RandomTranslation(0.2, 0.2), layers.Conv2D(4, 3, activation="relu"),
         layers.MaxPooling2D(), layers.SpatialDropout2D(0.2), layers.GaussianNoise(0.1),
         layers.Flatten(), layers.Dense(3)]
    )  # fmt: skip
    model.compile("sgd", crossentropy(), metrics=["accuracy"])
    callbacks = [
        keras.callbacks.ReduceLROnPlateau(patience=1, min_delta=0.05),
        keras.callbacks.CSVLogger(f"{folder}/log.csv"),
    ]
    return model, {**on_images(images, y), "callbacks": callbacks}


def residual(folder):
    """A residual network with batch normalization and averaged weights."""
    import keras

    _, y, images = data()
    layers = keras.layers
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    for _ in range(2):
        inner = layers.BatchNormalization(momentum=0.9)(x)
        inner = layers.Conv2D(4, 3, padding="same")(layers.Activation("relu")(inner))
        x = layers.Add()([x, inner])
    outputs = layers.Dense(3)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    rate = keras.optimizers.SGD(
        0.1, 0.9, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=7
    )
    model.compile(rate, crossentropy())
    callbacks = [keras.callbacks.SwapEMAWeights(), keras.callbacks.TerminateOnNaN()]
    return model, {**on_images(images, y), "callbacks": callbacks}


def lstm(folder):
    import keras

    x, y, _ = data()
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((12, 1)), layers.LSTM(8, dropout=0.2, recurrent_dropout=0.2),
         layers.Dense(3)]
    )  # fmt: skip
    model.compile("rmsprop", crossentropy())
    return model, {"x": x[:120, :, None], "y": y[:120], "batch_size": 10, "epochs": 5}


def gan(folder):
    import numpy as np

    from zoo import dcgan

    model = dcgan(
        (28, 28, 1), 4, filters=4, updates="alternating", discriminator_steps=2
    )
    model.compile()
    images = np.random.default_rng(0).random((40, 28, 28, 1)).astype("float32")
    return model, {"x": images, "batch_size": 8, "epochs": 4}


def taps(folder):
    """Our own callbacks, on two outputs."""
    import keras

    from callbacks import AutoClip, GradientNorms, UncertaintyWeighting

    x, y, _ = data()
    inputs = keras.Input((12,))
    shared = keras.layers.Dense(16, activation="relu")(inputs)
    outputs = {
        "label": keras.layers.Dense(3, name="label")(shared),
        "size": keras.layers.Dense(1, name="size")(shared),
    }
    model = keras.Model(inputs, outputs)
    losses = {"label": crossentropy(), "size": "mse"}
    model.compile(keras.optimizers.Adam(0.02), losses)
    given = {"label": y, "size": x[:, :1] * 3}
    norms = GradientNorms(update_ratio=True)
    callbacks = [norms, AutoClip(20, 50), UncertaintyWeighting(
        0.05, classification=["label"])]  # fmt: skip
    return model, {
        "x": x,
        "y": given,
        "batch_size": 16,
        "epochs": 6,
        "callbacks": callbacks,
    }


def crossentropy():
    import keras

    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


CASES = {function.__name__: function for function in (
    mlp, stops, several_steps, plain, bfloat16, float16, scheduled, lenet, residual,
    lstm, gan, taps)}  # fmt: skip


def train(case: str, folder: Path, checkpoint: bool = True, **given) -> dict:
    """Trains in this process; returns what it ended with, each number exactly."""
    import keras
    import numpy as np

    from recipes.lab import fit

    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(7)
    model, arguments = CASES[case](folder)
    arguments = {"seed": 3, "on_divergence": "return", **arguments, **given}
    if checkpoint:
        arguments["checkpoint"] = folder / "kept"
    callbacks = arguments.setdefault("callbacks", [])
    history = fit(model, **arguments)
    steps = -(-len(arguments["x"]) // arguments["batch_size"])
    ended = {
        "history": {k: [float(v).hex() for v in h] for k, h in history.history.items()},
        "epochs": history.epoch,
        "draws": [random.random(), float(np.random.rand())],  # noqa: NPY002
        "stop": model.stop_training,
        "steps": len(history.epoch) * steps,
    }
    groups = {"model": model.variables, "metrics": model.metrics_variables,
              "optimizer": model.optimizer.variables}  # fmt: skip
    for name, variables in groups.items():
        arrays = [keras.ops.convert_to_numpy(v.value) for v in variables]
        ended[name] = [digest(array.tobytes()) for array in arrays]
    for path in sorted(folder.glob("*.csv")) + sorted(folder.glob("*.h5")):
        ended[path.name] = digest(path.read_bytes())
    for place, callback in enumerate(callbacks):
        if hasattr(callback, "tables"):
            for table in callback.tables.values():
                parts = (table.norms, table.epochs, table.update_ratios)
                ended["norms"] = [digest(part.tobytes()) for part in parts]
                ended["batches"] = callback.batches
        names = ("best", "wait", "best_epoch", "stopped_epoch", "cooldown_counter",
                 "_now", "_batches_seen_since_last_saving")  # fmt: skip
        for name in names:
            if hasattr(callback, name):
                ended[f"{place}/{name}"] = repr(getattr(callback, name))
    return ended


def forget(what: str | None) -> None:
    """Leaves a piece of state as it is when a training goes on, or changes an ulp."""
    import numpy as np

    from callbacks.in_step.session import FitSession
    from recipes.lab.training.checkpoint import callbacks, random_states, state

    def nothing(*arguments):
        pass

    if what == "ulp":
        read = state.tensors.read

        def changed(*arguments):
            arrays = read(*arguments)
            weights = arrays["model/0"].reshape(-1)
            weights[0] = np.nextafter(weights[0], np.float32(9))
            return arrays

        state.tensors.read = changed
    elif what == "chance":
        random_states.restore = nothing
    elif what == "callbacks":
        callbacks.put_back = nothing
    elif what == "rows":
        callbacks._continue_file = nothing
    elif what == "step":
        FitSession.set_state = nothing
    elif what is not None:
        mark = {"seeds": "seed_generator", "optimizer": "learning_rate",
                "averages": "average"}[what]  # fmt: skip
        before = state.Kept.restore

        def restore(self, *arguments):
            kept = self._variables
            self._variables = [one for one in kept if mark not in one.variable.path]
            assert len(self._variables) < len(kept), what
            before(self, *arguments)
            self._variables = kept

        state.Kept.restore = restore


def count_steps(folder: Path) -> None:
    """Writes down each call's steps; what is written outlives the process."""
    from recipes.lab.training.checkpoint.interval import Interval

    before, out = Interval.passed, open(folder / "steps", "ab", buffering=0)  # noqa: SIM115

    def passed(interval, steps):
        before(interval, steps)
        out.write(b"%d\n" % steps)

    Interval.passed = passed


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _child(order: dict) -> None:
    folder = Path(order.pop("folder"))
    folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=folder / "log", level=logging.INFO)
    forget(order.pop("forget", None))
    count_steps(folder)
    if order.get("every") == "epoch":  # whatever a save costs: epochs are short here
        from recipes.lab.training.checkpoint import interval

        interval.SHARE = 0
    if "largest" in order:
        import resource

        most = order.pop("largest")
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    try:
        result = train(order.pop("case"), folder, **order)
    except BaseException:
        logging.exception("failed")
        raise
    (folder / "ended.json").write_text(json.dumps(result))


def serve() -> None:
    import keras  # and no operation: a backend's threads don't survive a fork

    del keras
    out = os.dup(1)
    os.dup2(2, 1)  # what backends print is not an answer
    for line in sys.stdin:
        child = os.fork()
        if not child:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            status = 1
            try:
                _child(json.loads(line))
                status = 0
            finally:
                os._exit(status)
        os.write(out, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(out, f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    serve()
