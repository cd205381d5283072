"""GradientNorms: the gradients of an ordinary `fit`, seen from inside its step."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from callbacks import _checks, _nonfinite
from callbacks._leaves import Leaf
from callbacks._nonfinite import NonFinite
from callbacks._norm_step import NormStep
from callbacks._norm_table import NormTable
from callbacks._taps import TapCallback


class GradientNorms(TapCallback):
    """Logs gradient norms, by layer and over all, from inside the compiled step.

    The numbers are of the gradients that the optimizer gets: nothing is computed
    twice, and training is bit for bit what it is without the callback. Put it before
    callbacks that read its keys, such as EarlyStopping (with a `mode`) or CSVLogger.

    Args:
        per_layer: Whether each layer has keys of its own in the logs.
        log_every: "epoch", or "batch" to put `grad_norm` into each batch's logs too
            (progress bar); that reads the device after every batch.
        stage: "batch": each batch's gradients as the backward pass made them, before
            any clipping, without the loss scale. "update": what the update rule gets,
            after gradient accumulation, Keras's clipping and every clipping callback
            that stands before this one.
        zero_share: Whether to count entries that are exactly zero (dead units,
            tokens that did not occur).
        update_ratio: Whether to measure the update rule's change against the weights
            (about 1e-3 is usual). It is measured without decoupled weight decay.
        on_nonfinite: What an inf or NaN does. "log": a line in the log of
            `callbacks`. "skip": the update is left out, as under loss scaling.
            "stop": it and all later updates are left out, and training stops after
            the next batch. "raise": likewise, with a FloatingPointError.
        keep: Rows kept for the tables, at least 1; older ones are dropped.

    Logged keys:
        grad_norm: Mean over the epoch of the norm of all gradients together; NaN if
            the epoch had no row.
        grad_norm_max: Its largest value.
        grad_norm/LAYER: The layer's mean.
        grad_nonfinite: Rows with an inf or NaN.
        grad_skipped: Batches without a row, because loss scaling left them out
            (stage="batch" only).
        grad_zeros, grad_zeros/LAYER: Share of exactly zero entries.
        update_ratio, update_ratio/LAYER: Norm of the change over norm of the weights.
        With several optimizers each key begins with the name of the optimizer's
        attribute (`generator_optimizer` gives `generator_grad_norm`).

    Cost:
        On TensorFlow and two CPU cores an epoch takes 1.00 times the CPU time for LeNet
        with batches of 128 and 1.09 for a small MLP with batches of 64, 1.08 under
        XLA (benchmarks/README.md has wall times and other backends). All options on:
        1.4. log_every="batch": 1.4 to 1.8. One more tracing for each `fit`.

    Example:
        >>> norms = GradientNorms()
        >>> history = model.fit(x, y, epochs=2, callbacks=[norms])  # doctest: +SKIP
        >>> norms.table.layer_norms.shape  # batches, layers  # doctest: +SKIP
        >>> norms.plot().savefig("norms.png")  # doctest: +SKIP

    References:
        Glorot and Bengio, Understanding the Difficulty of Training Deep Feedforward
        Neural Networks (2010).
        Pascanu et al., On the Difficulty of Training Recurrent Neural Networks (2013).
    """

    def __init__(
        self,
        per_layer: bool = True,
        log_every: str = "epoch",
        *,
        stage: str = "batch",
        zero_share: bool = False,
        update_ratio: bool = False,
        on_nonfinite: str = "log",
        keep: int = 100_000,
    ):
        super().__init__()
        self.per_layer = _checks.flag("per_layer", per_layer)
        self.log_every = _checks.choice("log_every", log_every, ("epoch", "batch"))
        self.stage = _checks.choice("stage", stage, ("batch", "update"))
        self.zero_share = _checks.flag("zero_share", zero_share)
        self.update_ratio = _checks.flag("update_ratio", update_ratio)
        policies = ("log", "skip", "stop", "raise")
        self.on_nonfinite = _checks.choice("on_nonfinite", on_nonfinite, policies)
        self.keep = _checks.integer("keep", keep)
        self.sees_updates = self.stage == "update" or self.update_ratio
        self.works_between_steps = self.log_every == "batch" or self.on_nonfinite in (
            "stop",
            "raise",
        )
        if self.log_every == "batch":
            # Defined for this instance only: on JAX its mere presence slows `fit`.
            self.on_train_batch_end = self._log_batch
        self._reset()

    def _reset(self) -> None:
        self.tables: dict[str, NormTable] = {}
        self.batches = 0
        self.skipped = 0
        self.first_nonfinite: NonFinite | None = None
        self._epoch = 0
        self._fresh: dict[str, list[tuple[str, np.ndarray]]] = {}
        self._batches_before = 0

    @property
    def table(self) -> NormTable:
        """All rows of the model's optimizer (of the first one, if it has several)."""
        if not self.tables:
            raise ValueError("There are no gradient norms before the first epoch ends.")
        return next(iter(self.tables.values()))

    def to_npz(self, path: Any) -> None:
        """Writes every table's arrays; several tables go to NAME in `path-NAME.npz`."""
        for name, table in self.tables.items():
            table.to_npz(_named(path, name))

    def to_csv(self, path: Any) -> None:
        """Writes every table, one row a batch; several go to `path-NAME.csv`."""
        for name, table in self.tables.items():
            table.to_csv(_named(path, name))

    def plot(self, optimizer: str = "") -> Any:
        """Per-layer norms over training, first to last layer, on a log scale.

        Args:
            optimizer: Name of the table, where the model has several optimizers.

        Returns:
            A `matplotlib.figure.Figure`, unknown to pyplot.
        """
        from callbacks import _norm_picture

        table = self.tables[optimizer] if optimizer else self.table
        return _norm_picture.draw(table, optimizer)

    def build(self, leaf: Leaf) -> NormStep:
        """What writes the rows of this optimizer."""
        return NormStep(leaf, self.zero_share, self.update_ratio, self.on_nonfinite)

    def on_gradients(self, leaf: Leaf, grads: list, variables: list) -> Any:
        """Inside the step: writes a row; forbids the update if the policy says so."""
        if self.stage != "batch":
            return None
        scale = leaf.optimizer.loss_scale_factor
        norms = leaf.state[self].write(grads, variables, scale)
        return None if self.on_nonfinite == "log" else leaf.state[self].allows(norms)

    def on_update(self, leaf: Leaf, grads: list, variables: list) -> list:
        """Inside the step: writes a row of what the update rule gets."""
        if self.stage == "update":
            leaf.state[self].write(grads, variables)
        return grads

    def before_update(self, leaf: Leaf, variables: list) -> Any:
        """Inside the step: the weights before the update."""
        if self.update_ratio:
            return [ops.copy(variable.value) for variable in variables]
        return None

    def after_update(self, leaf: Leaf, variables: list, memo: Any) -> None:
        """Inside the step: writes a row of changes."""
        if memo is not None:
            leaf.state[self].write_changes(variables, memo)

    def on_train_begin(self, logs=None):
        """Starts new tables."""
        self._reset()
        super().on_train_begin(logs)

    def on_epoch_begin(self, epoch, logs=None):
        """Remembers to which epoch the coming rows belong."""
        self._epoch = epoch
        self._fresh = {}

    def on_train_batch_begin(self, batch, logs=None):
        """Ends training where the policy says so."""
        if self.on_nonfinite in ("stop", "raise"):
            self._look_for_nonfinite()
        super().on_train_batch_begin(batch, logs)

    def drain(self, leaf: Leaf) -> None:
        """Moves rows from the rings to the tables."""
        if self not in leaf.state:
            return
        table = self.tables.get(leaf.name)
        if table is None or table.variables != leaf.paths:
            table = NormTable(leaf.paths, leaf.sizes, self.keep)
            self.tables[leaf.name] = table
        kinds = leaf.state[self].drain()
        norms = kinds[0][1]
        if self.first_nonfinite is None:
            first = len(table.epochs) + table.dropped
            self._report(_nonfinite.find(norms, leaf.paths, first, self._epoch))
        for kind, values in kinds:
            table.append(self._epoch, kind, values)
        table.trim()
        self._fresh.setdefault(leaf.name, []).extend(kinds)

    def on_epoch_end(self, epoch, logs=None):
        """Logs the epoch, and ends training where the policy says so."""
        super().on_epoch_end(epoch, logs)
        if self.on_nonfinite in ("stop", "raise") and self.first_nonfinite:
            self._end_training()

    def write_logs(self, epoch: int, logs: dict) -> None:
        """The epoch's means, maxima and counts."""
        self.batches = int(self._recording.steps.get())
        for leaf in self._recording.used_leaves():
            prefix = f"{leaf.name}_" if leaf.name else ""
            fresh = NormTable(leaf.paths, leaf.sizes, self.keep)
            for kind, rows in self._fresh.get(leaf.name, []):
                fresh.append(epoch, kind, rows)
            for key, value in fresh.summary(self.per_layer).items():
                logs[prefix + key] = value
            if self.stage == "batch":
                batches = self.batches - self._batches_before
                skipped = max(batches * max(leaf.applies, 1) - len(fresh.norms), 0)
                self.skipped += skipped
                logs[f"{prefix}grad_skipped"] = skipped
        self._batches_before = self.batches

    def _log_batch(self, batch: int, logs: dict | None = None) -> None:
        for leaf in self._recording.used_leaves():
            self.drain(leaf)
            rows = [r for kind, r in self._fresh.get(leaf.name, []) if kind == "norms"]
            if logs is not None and rows and len(rows[-1]):
                fresh = NormTable(leaf.paths, leaf.sizes, self.keep)
                fresh.append(0, "norms", rows[-1])
                prefix = f"{leaf.name}_" if leaf.name else ""
                logs[f"{prefix}grad_norm"] = float(fresh.global_norms[-1])

    def _report(self, found: NonFinite | None) -> None:
        self.first_nonfinite = found
        if found is not None and self.on_nonfinite != "raise":
            logging.getLogger("callbacks").warning("%s", found)

    def _look_for_nonfinite(self) -> None:
        for leaf, state in self.leaf_states().items():
            if int(state.bad.get()) >= 0:
                self.drain(leaf)
                self._end_training()

    def _end_training(self) -> None:
        if self.on_nonfinite == "raise":
            self._recording.close(self.params)
            raise FloatingPointError(str(self.first_nonfinite))
        self._trained_model.stop_training = True


def _named(path: Any, name: str) -> Path:
    target = Path(path)
    return target.with_stem(f"{target.stem}-{name}") if name else target
