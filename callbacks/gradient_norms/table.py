"""The numbers of a `GradientNorms`, one row a batch, and what is made of them."""

import csv
from typing import Any

import numpy as np

from callbacks.gradient_norms import files

# In a row: this variable had no gradient at all (a norm is never negative).
ABSENT = -1.0
KINDS = ("norms", "zero_shares", "update_norms", "weight_norms")


class NormTable:
    """Per-variable rows of one optimizer, with sums by layer and over all.

    Args:
        paths: Paths of the variables, in the order of the model.
        sizes: Number of entries of each variable.
        keep: Rows kept; older ones are dropped. None keeps all.
    """

    def __init__(self, paths: list[str], sizes: list[int], keep: int | None = None):
        self.variables = list(paths)
        self.sizes = np.asarray(sizes, float)
        self.keep = keep
        self.dropped = 0
        self._epochs: list[np.ndarray] = []
        self._rows: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}

    def get_state(self) -> dict[str, Any]:
        """All that it holds, as plain data and arrays."""
        kinds = [kind for kind, chunks in self._rows.items() if chunks]
        return {
            "variables": self.variables,
            "sizes": self.sizes,
            "keep": self.keep,
            "dropped": self.dropped,
            "epochs": self.epochs,
            "rows": {kind: self._kind(kind) for kind in kinds},
        }

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> "NormTable":
        """A table that holds what `get_state` returned."""
        table = cls(state["variables"], state["sizes"], state["keep"])
        table.dropped = state["dropped"]
        table._epochs = [state["epochs"]]
        table._rows.update({kind: [rows] for kind, rows in state["rows"].items()})
        return table

    def fit_to(self, paths: list[str], sizes: list[int]) -> None:
        """Takes rows of other variables from now on: a layer was frozen or unfrozen.

        Columns come in the new order, then those of variables that are gone; a row is
        NaN where its step had no such variable.
        """
        if paths == self.variables:
            return
        gone = [path for path in self.variables if path not in paths]
        known = dict(zip(self.variables, self.sizes, strict=True))
        known.update(zip(paths, sizes, strict=True))
        names = [*paths, *gone]
        before = {path: column for column, path in enumerate(self.variables)}
        for kind, chunks in self._rows.items():
            rows = self._kind(kind)
            spread = np.full((len(rows), len(names)), ABSENT, np.float32)
            for column, path in enumerate(names):
                if path in before:
                    spread[:, column] = rows[:, before[path]]
            self._rows[kind] = [spread] if chunks else []
        self.variables, self.sizes = names, np.array([known[n] for n in names], float)

    def append(self, epoch: int, kind: str, rows: np.ndarray) -> None:
        """Adds rows of one kind; those of "norms" set the epochs."""
        missing = len(self.variables) - rows.shape[1]
        rows = np.pad(rows, ((0, 0), (0, missing)), constant_values=ABSENT)
        self._rows[kind].append(rows.astype(np.float32))
        if kind == "norms":
            self._epochs.append(np.full(len(rows), epoch))

    def trim(self) -> None:
        """Drops the oldest rows above `keep`."""
        excess = 0 if self.keep is None else len(self.epochs) - self.keep
        if excess <= 0:
            return
        self.dropped += excess
        self._epochs = [self.epochs[excess:]]
        for kind, chunks in self._rows.items():
            if chunks:
                self._rows[kind] = [np.concatenate(chunks)[excess:]]

    @property
    def layers(self) -> list[str]:
        """Layers in the order of the model: paths without the variable's name."""
        return list(dict.fromkeys(self._layer_of_each()))

    @property
    def epochs(self) -> np.ndarray:
        """The epoch of each row."""
        return np.concatenate([*self._epochs, np.zeros(0)]).astype(int)

    @property
    def norms(self) -> np.ndarray:
        """Gradient norms, (rows, variables); NaN where a variable had no gradient."""
        rows = self._kind("norms")
        return np.where(rows == ABSENT, np.nan, rows)

    @property
    def layer_norms(self) -> np.ndarray:
        """Gradient norms, (rows, layers)."""
        return self._by_layer("norms")

    @property
    def global_norms(self) -> np.ndarray:
        """Norm of all gradients together, (rows,)."""
        return self._overall("norms")

    @property
    def zero_shares(self) -> np.ndarray:
        """Share of exactly zero entries of each gradient, (rows, variables)."""
        rows = self._kind("zero_shares")
        return np.where(rows == ABSENT, np.nan, rows)

    @property
    def layer_zero_shares(self) -> np.ndarray:
        """Share of exactly zero entries, (rows, layers)."""
        shares, sizes = self._kind("zero_shares"), self.sizes
        present = shares != ABSENT
        counts = np.where(present, shares * sizes, 0) @ self._membership()
        with np.errstate(invalid="ignore", divide="ignore"):
            return counts / ((present * sizes) @ self._membership())

    @property
    def update_ratios(self) -> np.ndarray:
        """Norm of the change over norm of the weights, (rows, layers)."""
        return _ratio(self._by_layer("update_norms"), self._by_layer("weight_norms"))

    @property
    def update_ratio(self) -> np.ndarray:
        """The same over all variables together, (rows,)."""
        return _ratio(self._overall("update_norms"), self._overall("weight_norms"))

    def summary(self, name: str, per_layer: bool) -> dict[str, float]:
        """Means over the rows, as `GradientNorms` logs them; NaN without rows.

        Args:
            name: What the keys begin with; "grad" for the usual ones.
            per_layer: Whether layers have keys, too.
        """
        overall = self.global_norms
        logs = {
            f"{name}_norm": _mean(overall),
            f"{name}_norm_max": float(overall.max()) if len(overall) else np.nan,
            f"{name}_nonfinite": int((~np.isfinite(overall)).sum()),
        }
        layered = {f"{name}_norm": self.layer_norms}
        if self._rows["zero_shares"]:
            shares = self.zero_shares
            present = ~np.isnan(shares)
            counts = np.where(present, shares, 0) @ self.sizes
            logs[f"{name}_zeros"] = _mean(counts / np.maximum(present @ self.sizes, 1))
            layered[f"{name}_zeros"] = self.layer_zero_shares
        if self._rows["update_norms"]:
            ratio = "update_ratio" if name == "grad" else f"{name}_update_ratio"
            logs[ratio] = _mean(self.update_ratio)
            layered[ratio] = self.update_ratios
        present = (self._kind("norms") != ABSENT) @ self._membership() > 0
        for key, values in layered.items() if per_layer else ():
            for place, layer in enumerate(self.layers):
                # A layer that was unfrozen in mid-epoch has fewer rows.
                column = values[:, place]
                if len(column) == len(present) and present[:, place].any():
                    column = column[present[:, place]]
                logs[f"{key}/{layer}"] = _mean(column)
        return logs

    def to_npz(self, path: Any) -> None:
        """Writes all arrays to one file."""
        arrays = {
            "variables": np.array(self.variables),
            "layers": np.array(self.layers),
            "epochs": self.epochs,
            "norms": self.norms,
            "layer_norms": self.layer_norms,
            "global_norms": self.global_norms,
        }
        if self._rows["zero_shares"]:
            arrays["zero_shares"] = self.zero_shares
        if self._rows["update_norms"]:
            arrays["update_ratios"] = self.update_ratios
        with files.written_whole(path, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)

    def to_csv(self, path: Any) -> None:
        """Writes a line a row: row, epoch, global norm, norm of each variable."""
        columns = zip(self.epochs, self.global_norms, self.norms, strict=True)
        with files.written_whole(path) as file:
            writer = csv.writer(file)
            writer.writerow(["row", "epoch", "grad_norm", *self.variables])
            for row, (epoch, overall, each) in enumerate(columns, self.dropped):
                writer.writerow([row, epoch, overall, *each.tolist()])

    def _layer_of_each(self) -> list[str]:
        return [path.rpartition("/")[0] or path for path in self.variables]

    def _membership(self) -> np.ndarray:
        layers = np.array(self._layer_of_each())
        return np.stack([layers == layer for layer in self.layers], 1).astype(float)

    def _kind(self, kind: str) -> np.ndarray:
        empty = np.zeros((0, len(self.variables)), np.float32)
        return np.concatenate([*self._rows[kind], empty])

    def _by_layer(self, kind: str) -> np.ndarray:
        rows = self._kind(kind)
        layers = np.array(self._layer_of_each())
        columns = [_together(rows[:, layers == layer]) for layer in self.layers]
        return np.stack(columns, 1)

    def _overall(self, kind: str) -> np.ndarray:
        return _together(self._kind(kind))


def table_of(
    tracked: Any, tables: dict[str, NormTable], keep: int | None = None
) -> NormTable:
    """An optimizer's table among others, which fits the variables that it has now.

    Args:
        tracked: The optimizer.
        tables: The tables by the optimizer's name; it is added where it is missing.
        keep: Rows that a new table keeps.
    """
    paths, sizes = tracked.paths, tracked.sizes
    table = tables.setdefault(tracked.name, NormTable(paths, sizes, keep))
    table.fit_to(paths, sizes)
    return table


def _together(norms: np.ndarray) -> np.ndarray:
    """Norm over columns, NaN if all are absent."""
    absent = norms == ABSENT
    squares = np.square(np.where(absent, 0.0, norms.astype(float))).sum(1)
    return np.where(absent.all(1), np.nan, np.sqrt(squares))


def _ratio(change: np.ndarray, weights: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return change / weights


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
