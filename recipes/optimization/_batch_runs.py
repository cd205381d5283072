"""Digits by batch size and rate, at equal epochs and at equal updates."""

from dataclasses import dataclass

import numpy as np

from recipes.optimization._batch_digits import MEASURES, MIDDLE, SIZES, TRAINED, Digits

RATES = (0.2, 0.6, 1.8)  # at 3.2 this network learns nothing
ONE_RATE = 0.2  # where all sizes have the same
LOW_RATE = 0.05  # low enough for single samples
LEVEL = 0.2  # nats of training loss at which gaps are compared
FEW = 3  # epochs at that rate


def points(size: int, epochs: int, updates: int) -> tuple[int, ...]:
    """The epochs after which a batch size is looked at, both ends among them."""
    an_epoch = -(-TRAINED // size)
    last = max(epochs, updates // an_epoch)
    rest = {round(epoch) for epoch in np.linspace(epochs, last, 12)}
    return tuple(sorted({*range(1, epochs + 1), *rest, updates // an_epoch}))


@dataclass(frozen=True)
class Runs:
    """What the sweep found.

    Attributes:
        results: (batch size, rate) to one result a seed.
        points: Batch size to the epochs at which it was looked at.
        epochs: Where sizes are compared at equal epochs.
        updates: Where they are compared at equal updates.
    """

    results: dict[tuple[int, float], list[dict]]
    points: dict[int, tuple[int, ...]]
    epochs: int
    updates: int

    def after(self, size: int, equal: str, name: str, rate: float) -> np.ndarray:
        """A measure at equal "epochs" or "updates", one number a seed."""
        an_epoch = -(-TRAINED // size)
        epoch = self.epochs if equal == "epochs" else self.updates // an_epoch
        return self.at(size, epoch, name, rate)

    def at(self, size: int, epoch: int, name: str, rate: float) -> np.ndarray:
        """A measure after some epochs, one number a seed."""
        place = self.points[size].index(epoch)
        return np.array([run[name][place] for run in self.results[size, rate]])

    def best(self, size: int, equal: str) -> float:
        """The rate with the least mean training loss; held-out digits don't choose."""
        return min(
            RATES, key=lambda r: self.after(size, equal, "training_loss", r).mean()
        )

    def gap(self, size: int, equal: str) -> np.ndarray:
        """Held-out minus training loss at the best rate."""
        rate = self.best(size, equal)
        held_out = self.after(size, equal, "held_out_loss", rate)
        return held_out - self.after(size, equal, "training_loss", rate)

    def gap_at_level(self, size: int) -> np.ndarray | None:
        """The gap where the training loss comes down to `LEVEL`; None if it doesn't.

        At the best rate for equal updates; straight lines between the epochs.
        """
        gaps = []
        for run in self.results[size, self.best(size, "updates")]:
            seen = np.array(run["training_loss"])
            between = np.array(run["held_out_loss"]) - seen
            below = np.flatnonzero(seen <= LEVEL)
            if not len(below) or below[0] == 0:
                return None
            at = below[0]
            share = (seen[at - 1] - LEVEL) / (seen[at - 1] - seen[at])
            gaps.append(between[at - 1] + share * (between[at] - between[at - 1]))
        return np.array(gaps)


def sweep(lab, digits: Digits) -> Runs:
    """Trains every size with every rate; three, at a low rate, for a few epochs."""
    epochs, updates = lab.settings.epochs, lab.settings.updates
    looks = {size: points(size, epochs, updates) for size in SIZES}
    few = tuple(range(1, FEW + 1))
    cases = {
        (size, rate): (size, rate, looks[size]) for size in SIZES for rate in RATES
    }
    for size in (1, MIDDLE, TRAINED):
        cases[size, LOW_RATE] = (size, LOW_RATE, few)
    names = {key: f"batches of {key[0]}, rate {key[1]:g}" for key in cases}
    found = lab.sweep(
        digits.train,
        {names[key]: case for key, case in cases.items()},
        title="batch sizes on digits",
    )
    results = {key: found[names[key]] for key in cases}
    runs = Runs(results, looks, epochs, updates)
    rows = []
    for size in SIZES:
        for equal, count in (("epochs", epochs), ("updates", updates)):
            rate = runs.best(size, equal)
            values = [runs.after(size, equal, n, rate).mean() for n in MEASURES]
            numbers = [f"{values[0]:.4f}", f"{values[1]:.4f}", f"{values[2]:.2%}"]
            rows.append([size, f"{count} {equal}", f"{rate:g}", *numbers])
    columns = ["batch", "after", "best rate", "training", "held out", "accuracy"]
    lab.table("Digits by batch size, each at its best rate", columns, rows)
    return runs
