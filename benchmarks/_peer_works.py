"""What is measured: the works, their sizes and goals, and their data.

Shared by the parent and by every worker, so it imports NumPy only.
"""

from dataclasses import dataclass, field, replace

import numpy as np

CONTENDERS = ("ours", "keras", "torch", "torch_float32", "jax", "notes")
EXTRA = ("torch_float32", "notes")  # not named in rows that they take no part in
MEMORY_GOAL = 1.5  # peak of ours over that of plain Keras
PIXELS = {"mlp": (784,), "optimizers": (784,), "resnet20": (32, 32, 3)}
TOKENS, VOCABULARY = 100, 5000


@dataclass(frozen=True)
class Work:
    """One row of the table.

    Attributes:
        name: What `--only` looks at.
        label: Title in the table; the unit of its times follows.
        what: The same in full; `size` adds the numbers.
        unit: "epoch" or "step" (times are per one), or "total" (the sum of all
            rounds, everything included that the first one compiles).
        family: For `recipes.lab.precision`.
        samples: Rows of the data.
        batch: Samples a step.
        epochs: Passes a round.
        goals: Contender to the largest ratio ours / contender that is aimed at.
        contenders: Who takes part.
    """

    name: str
    label: str
    what: str
    unit: str
    family: str
    samples: int
    batch: int
    epochs: int = 1
    goals: dict[str, float] = field(default_factory=dict)
    contenders: tuple[str, ...] = ("ours", "keras", "torch")

    @property
    def steps(self) -> int:
        """Steps of one epoch; the last may be smaller."""
        return -(-self.samples // self.batch)

    @property
    def size(self) -> str:
        """How much a round is."""
        if self.unit == "step":
            return f"{self.steps * self.epochs} steps a round"
        return f"{self.samples} samples, {self.epochs} epochs a round"

    @property
    def parts(self) -> int:
        """What a round's seconds are divided by."""
        return {"epoch": self.epochs, "step": self.epochs * self.steps}.get(
            self.unit, 1
        )


WORKS = (
    Work(
        "mlp",
        "MLP epoch",
        "784-128-64-10, batch 64, Adam",
        unit="epoch",
        family="dense",
        samples=60000,
        batch=64,
        epochs=5,
        goals={"keras": 1 / 6, "jax": 1.0},
        contenders=("ours", "keras", "torch", "jax"),
    ),
    Work(
        "lenet",
        "LeNet step",
        "zoo.lenet, 28x28x1, batch 128, Adam",
        unit="step",
        family="convolutional",
        samples=80 * 128,
        batch=128,
        goals={"torch": 0.6},
    ),
    Work(
        "dcgan",
        "DCGAN step",
        "zoo.dcgan, 28x28x1, batch 128, both networks, Adam",
        unit="step",
        family="convolutional",
        samples=10 * 128,
        batch=128,
        goals={"torch": 0.9},
    ),
    Work(
        "resnet20",
        "ResNet-20 step",
        "zoo.resnet20, 32x32x3, batch 128, Adam",
        unit="step",
        family="convolutional",
        samples=10 * 128,
        batch=128,
        goals={"torch": 1.0},
    ),
    Work(
        "lstm",
        "LSTM step",
        "zoo.lstm, 64 units, 100 tokens out of 5000, embedding 64, batch 64, binary, "
        "Adam",
        unit="step",
        family="recurrent",
        samples=60 * 64,
        batch=64,
        goals={"torch": 1.0, "torch_float32": 1.0},
        # Ours is float32: best against best, and the same precision.
        contenders=("ours", "keras", "torch", "torch_float32"),
    ),
    Work(
        "optimizers",
        "Optimizers, total",
        "SGD, Adam, RMSprop, AdaGrad, each training the MLP, one seed a round, all but "
        "imports counted; ours in two processes (2 ×) where that pays, PyTorch with a "
        "DataLoader and .item() every batch",
        unit="total",
        family="dense",
        samples=60000,
        batch=64,
        epochs=5,
        goals={"notes": 1 / 5},
        contenders=("ours", "notes"),
    ),
)


def quick(work: Work) -> Work:
    """The same with few samples, to see that everything runs."""
    return replace(work, samples=3 * work.batch + work.batch // 2, epochs=1)


def longer(work: Work) -> Work:
    """The same with more steps, where an accelerator ends few of them at once."""
    return replace(work, samples=8 * work.samples) if work.unit == "step" else work


def named(name: str, small: bool = False, gpu: bool = False) -> Work:
    """The work of this name, in the size that is measured."""
    work = next(work for work in WORKS if work.name == name)
    if small:
        return quick(work)
    return longer(work) if gpu else work


def arrays(work: Work) -> tuple[np.ndarray, np.ndarray]:
    """Generated inputs and targets of the work's size, which can be learned in part.

    One class in five is wrong: without errors, losses and gradients come down to
    numbers so small that processors add them slowly.

    Returns:
        Images (samples, ...) float32 in [0, 1] and classes (samples,) int32, or
        tokens (samples, steps) int32 and answers (samples, 1) float32.
    """
    rng = np.random.default_rng(0)
    if work.name == "lstm":
        x = rng.integers(0, VOCABULARY, (work.samples, TOKENS), dtype="int32")
        share = (x < VOCABULARY // 2).mean(1, keepdims=True)
        return x, (share > 0.5).astype("float32")
    shape = PIXELS.get(work.name, (28, 28, 1))
    y = rng.integers(0, 10, work.samples, dtype="int32")
    typical = rng.random((10, *shape), "float32")
    x = rng.random((work.samples, *shape), "float32")
    x *= 0.5
    for row, number in enumerate(y):
        x[row] += 0.5 * typical[number]
    wrong = rng.random(work.samples) < 0.2
    return x, np.where(wrong, rng.integers(0, 10, work.samples), y).astype("int32")
