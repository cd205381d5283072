"""Activations in deep networks: speed, gradients, sparsity, what to fall back to.

All kinds and seeds of an experiment train side by side in one Keras model, each as it
would alone.

Notes: 1.3 Activation functions
Data: digits (or MNIST, Fashion-MNIST).
Run: recipes run activation_depth    (about 20 s on 2 CPU cores)
References: Glorot, Bordes and Bengio (2011); Krizhevsky et al. (2012); Klambauer
    et al., Self-Normalizing Neural Networks (2017).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("five_layers", "gradient_flow", "sparsity", "fallbacks")
SMOKE = {"seeds": 1, "epochs": 1, "samples": 128, "layers": 3}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Networks of each kind, at most 100."
    epochs: int = 20
    "Passes over the data, at most 1000."
    samples: int = 1400
    "Training images, at least 64."
    layers: int = 10
    "Hidden layers where the fallbacks are compared, 2 to 100."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "What the networks learn."

    def __post_init__(self):
        for name, least, most in (
            ("seeds", 1, 100),  # all of them train in one model
            ("epochs", 1, 1000),
            ("samples", 64, 60_000),
            ("layers", 2, 100),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
