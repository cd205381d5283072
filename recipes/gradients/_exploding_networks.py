"""Wide and deep networks, looked at before training: what large weights do."""

import keras
import numpy as np

from recipes.gradients._watch import Start, draw_weights, standardized, watch
from zoo import mlp

WIDTH, ROWS = 256, 256

# The arguments of `zoo.mlp`, and those of `draw_weights`.
NETWORKS = {
    "linear": {"activation": "linear"},
    "ReLU": {"activation": "relu"},
    "ReLU6": {"activation": "relu6"},
    "tanh": {"activation": "tanh"},
    "sigmoid": {"activation": "sigmoid"},
    "ReLU, batch normalization": {"activation": "relu", "normalization": "batch"},
}
WEIGHTS = {
    "He's": ("he", 1.0),
    "2 × He's": ("he", 2.0),
    "N(0, 1)": (1.0, 1.0),
    "N(0, 3²)": (3.0, 1.0),
}


class Starting:
    """Looks at every network with all weights and seeds in one fit.

    Args:
        data: A `Dataset` of images.
        depth: Hidden layers.
        seeds: Those of the run.
    """

    def __init__(self, data, depth: int, seeds):
        self.data, self.x = data, standardized(data)[0]
        self.depth, self.seeds = depth, seeds
        self._reports: dict[tuple, dict] = {}

    def look(self, case: tuple[str, str], seed: int) -> dict:
        """Returns the report of a network with these weights, as `watch` makes it."""
        if (*case, seed) not in self._reports:
            self._watch(case[0])
        return self._reports[*case, seed]

    def _watch(self, name: str) -> None:
        model = mlp(
            self.data.x_train.shape[1:],
            self.data.num_classes,
            units=(WIDTH,) * self.depth,
            **NETWORKS[name],
        )
        model.compile(
            keras.optimizers.SGD(),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        keys = [(name, weights, seed) for weights in WEIGHTS for seed in self.seeds]
        starts = [
            Start(draw_weights(model, seed, *WEIGHTS[weights]), rates=(0.0,))
            for _, weights, seed in keys
        ]
        x, y = self.x[:ROWS], self.data.y_train[:ROWS]
        reports = watch(model, starts, x, y, batch_size=ROWS)
        self._reports.update(zip(keys, reports, strict=True))


def growth(runs: list[dict], kind: str = "signal") -> np.ndarray:
    """The first hidden layer's gradient over that of the last, (seeds,)."""
    norms = np.array([run[kind][0] for run in runs], float)
    return norms[:, 0] / norms[:, -2]  # the last column is the output layer's
