"""GradientNorms: the gradients of an ordinary `fit`, seen from inside its step."""

import warnings
from typing import Any

from keras import ops

from callbacks import arguments
from callbacks.gradient_norms.files import path_of
from callbacks.gradient_norms.nonfinite import NonFinite, NonFinitePolicy
from callbacks.gradient_norms.step import NormStep
from callbacks.gradient_norms.table import NormTable, table_of
from callbacks.in_step.callback import InStepCallback
from callbacks.in_step.optimizers import TrackedOptimizer


class GradientNorms(InStepCallback):
    """Logs gradient norms, by layer and over all, from inside the compiled step.

    The numbers are of the gradients that the optimizer gets: nothing is computed
    twice, and training is bit for bit what it is without the callback; on an
    accelerator up to rounding, since the compiler joins the step with what is read from
    it. Put it before callbacks that read its keys, such as EarlyStopping (with a
    `mode`) or CSVLogger.

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
        name: What the logged keys begin with; has to differ where one `fit` has two.
        progress_bar: Whether the keys show in Keras's progress bar.

    Logged keys:
        grad_norm: Mean over the epoch of the norm of all gradients together; NaN if
            the epoch had no row.
        grad_norm_max: Its largest value.
        grad_norm/LAYER: The layer's mean.
        grad_nonfinite: Rows with an inf or NaN.
        grad_skipped: Batches without a row, because loss scaling left them out
            (stage="batch" only).
        grad_zeros, grad_zeros/LAYER: Share of exactly zero entries.
        update_ratio, update_ratio/LAYER: Norm of the change over norm of the weights
            (NAME_update_ratio where a name is given).
        Another name takes the place of `grad`. LAYER is the layer's path; where two
        layers would share one, with the submodels that they are in.
        With several optimizers each key begins with the name of the optimizer's
        attribute (`generator_optimizer` gives `generator_grad_norm`).

    Cost:
        On TensorFlow and two CPU cores an epoch takes 1.02 times the CPU time for LeNet
        with batches of 128 and 1.07 for a small MLP with batches of 64, 1.09 under
        XLA (benchmarks/README.md has wall times and other backends). All options on:
        1.27. log_every="batch": 1.7 to 2.2. One more tracing for each `fit`.

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
        name: str = "grad",
        progress_bar: bool = True,
    ):
        super().__init__(progress_bar)
        self.per_layer = arguments.flag("per_layer", per_layer)
        self.log_every = arguments.choice("log_every", log_every, ("epoch", "batch"))
        self.stage = arguments.choice("stage", stage, ("batch", "update"))
        self.zero_share = arguments.flag("zero_share", zero_share)
        self.update_ratio = arguments.flag("update_ratio", update_ratio)
        self.keep = arguments.integer("keep", keep)
        self.name = arguments.label("name", name)
        self.on_nonfinite = on_nonfinite
        self._reset()
        self.sees_updates = self.stage == "update" or self.update_ratio
        self.works_between_steps = log_every == "batch" or self._policy.ends_training
        if self.log_every == "batch":
            # Defined for this instance only: on JAX its mere presence slows `fit`.
            self.on_train_batch_end = self._log_batch

    def _reset(self) -> None:
        self.tables: dict[str, NormTable] = {}
        self.batches = 0
        self.skipped = 0
        self._policy = NonFinitePolicy(self.on_nonfinite)
        self._epoch = 0
        self._in_epoch: dict[str, NormTable] = {}
        self._batches_before = 0
        self._seen = False

    @property
    def first_nonfinite(self) -> NonFinite | None:
        """The first gradient that went inf or NaN in the last `fit`."""
        return self._policy.first

    @property
    def table(self) -> NormTable:
        """All rows of the model's optimizer (of the first one, if it has several)."""
        return next(iter(self._known().values()))

    def _known(self) -> dict[str, NormTable]:
        if not self.tables:
            raise ValueError("There are no gradient norms before the first epoch ends.")
        return self.tables

    def to_npz(self, path: Any) -> None:
        """Writes every table's arrays; several tables go to NAME in `path-NAME.npz`.

        Where several processes train together, the first one writes.
        """
        for name, table in self._known().items():
            table.to_npz(path_of(path, name))

    def to_csv(self, path: Any) -> None:
        """Writes every table, one row a batch; several go to `path-NAME.csv`.

        Where several processes train together, the first one writes.
        """
        for name, table in self._known().items():
            table.to_csv(path_of(path, name))

    def plot(self, optimizer: str = "") -> Any:
        """Per-layer norms over training, first to last layer, on a log scale.

        Args:
            optimizer: Name of the table, where the model has several optimizers.

        Returns:
            A `matplotlib.figure.Figure`, unknown to pyplot.
        """
        from callbacks.gradient_norms import picture

        known = self._known()
        if optimizer:
            arguments.choice("optimizer", optimizer, known)
        table = known[optimizer] if optimizer else self.table
        return picture.draw(table, optimizer)

    remembered = ("batches", "skipped", "_epoch", "_batches_before", "_seen")

    def get_state(self) -> dict[str, Any]:
        """The tables, and what the step and the policy hold."""
        state = super().get_state()  # moves the last rows to the tables
        first = self._policy.first
        state["first"] = None if first is None else tuple(first)
        for name in ("tables", "_in_epoch"):
            tables = vars(self)[name].items()
            state[name] = {key: table.get_state() for key, table in tables}
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Puts back what `get_state` returned."""
        super().set_state(state)
        first = state["first"]
        self._policy.first = None if first is None else NonFinite(*first)
        for name in ("tables", "_in_epoch"):
            tables = state[name].items()
            vars(self)[name] = {key: NormTable.of_state(one) for key, one in tables}
            for tracked in self._session.optimizers:
                table = vars(self)[name].get(tracked.name)
                if table is not None and list(table.sizes) == list(tracked.sizes):
                    # A model built again in one process has layers of other numbers.
                    table.variables = list(tracked.paths)

    def build(self, tracked: TrackedOptimizer) -> NormStep | None:
        """What writes the rows of this optimizer."""
        if tracked.is_whole or not tracked.paths:
            return None
        return NormStep(tracked, self.zero_share, self.update_ratio, self._policy)

    def on_gradients(
        self, tracked: TrackedOptimizer, grads: list, variables: list
    ) -> Any:
        """Inside the step: writes a row; forbids the update if the policy says so."""
        self._seen = True
        if self.stage != "batch":
            return None
        grads = self._session.replicas.sum(grads)
        scale = tracked.optimizer.loss_scale_factor
        norms = tracked.state[self].write(grads, variables, scale)
        if not self._policy.forbids_updates:
            return None
        return tracked.state[self].allows(norms)

    def on_update(
        self, tracked: TrackedOptimizer, grads: list, variables: list
    ) -> list:
        """Inside the step: writes a row of what the update rule gets."""
        if self.stage == "update":
            tracked.state[self].write(grads, variables)
        return grads

    def before_update(self, tracked: TrackedOptimizer, variables: list) -> Any:
        """Inside the step: the weights before the update."""
        if self.update_ratio:
            return [ops.copy(variable.value) for variable in variables]
        return None

    def after_update(
        self, tracked: TrackedOptimizer, variables: list, kept: Any
    ) -> None:
        """Inside the step: writes a row of changes."""
        if kept is not None:
            tracked.state[self].write_changes(variables, kept)

    def check_effect(self, model: Any) -> None:
        """Warns where no gradient came by."""
        if self._seen or self._session.may_have_skipped:
            return
        why = "it has no trainable weights"
        if model.trainable_variables:
            why = (
                "its train step updated no weight through an optimizer that is an "
                "attribute of the model or of its layers"
            )
        warnings.warn(
            f"GradientNorms saw no gradient of {model.name!r}: {why}.", stacklevel=2
        )

    def on_train_begin(self, logs=None):
        """Starts new tables."""
        self._reset()
        super().on_train_begin(logs)
        self._policy.check_replicas(self._session.replicas.count)

    def on_epoch_begin(self, epoch, logs=None):
        """Remembers to which epoch the coming rows belong."""
        self._epoch = epoch
        self._in_epoch = {}

    def on_train_batch_begin(self, batch, logs=None):
        """Ends training where the policy says so."""
        if self._policy.ends_training:
            for tracked, state in self.optimizer_states().items():
                if int(state.bad.get()) >= 0:
                    self.read_rows(tracked)
            self._policy.end(self._trained_model, self._session)
        super().on_train_batch_begin(batch, logs)

    def read_rows(self, tracked: TrackedOptimizer) -> None:
        """Moves rows from the buffers to the tables."""
        if self not in tracked.state:
            return
        kinds = tracked.state[self].take_new()
        if not len(kinds[0][1]) and not tracked.applies:
            return  # an optimizer of the model that the step doesn't call
        table = table_of(tracked, self.tables, self.keep)
        first = len(table.epochs) + table.dropped
        self._policy.look_at(kinds[0][1], tracked.paths, first, self._epoch)
        if not len(kinds[0][1]):
            return
        for one in (table, table_of(tracked, self._in_epoch)):
            for kind, values in kinds:
                one.append(self._epoch, kind, values)
            one.trim()

    def on_epoch_end(self, epoch, logs=None):
        """Logs the epoch, and ends training where the policy says so."""
        super().on_epoch_end(epoch, logs)
        self._policy.end(self._trained_model, self._session)

    def write_logs(self, epoch: int, logs: dict) -> None:
        """The epoch's means, maxima and counts."""
        self.batches = int(self._session.steps.get())
        for tracked in self._logged_optimizers():
            prefix = self._prefix(tracked)
            rows = table_of(tracked, self._in_epoch)
            for key, value in rows.summary(self.name, self.per_layer).items():
                logs[prefix + key] = value
            if self.stage == "batch":
                batches = self.batches - self._batches_before
                expected = batches * max(tracked.applies, 1)
                skipped = max(expected - len(rows.epochs), 0)
                self.skipped += skipped
                logs[f"{prefix}{self.name}_skipped"] = skipped
        self._batches_before = self.batches

    def _logged_optimizers(self) -> list[TrackedOptimizer]:
        seen = self._seen or self._session.may_have_skipped
        return self._session.used_optimizers() if seen else []

    def _prefix(self, tracked: TrackedOptimizer) -> str:
        return f"{tracked.name}_" if tracked.name else ""

    def _log_batch(self, batch: int, logs: dict | None = None) -> None:
        for tracked in self._session.used_optimizers():
            before = len(table_of(tracked, self._in_epoch).epochs)
            self.read_rows(tracked)
            rows = table_of(tracked, self._in_epoch).global_norms
            if logs is not None and len(rows) > before:
                key = f"{self._prefix(tracked)}{self.name}_norm"
                logs[key] = float(rows[-1])
                self.logged_keys.add(key)
