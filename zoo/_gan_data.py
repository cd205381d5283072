"""What a GAN trains on: examples in the generator's range, and nothing else."""

from typing import Any

import keras

from zoo import _ranges


class ExamplesOnly(keras.Model):
    """A model whose every way in takes examples alone and looks at their range."""

    value_range: tuple[float, float] | None = None

    def fit(self, x=None, y=None, *args, class_weight=None, sample_weight=None, **kw):
        """As `keras.Model.fit`, for examples alone and in the generator's range.

        Raises:
            ValueError: There are labels or weights, which a GAN has no use for, or
                examples outside of value_range.
        """
        refuse(y=y, class_weight=class_weight, sample_weight=sample_weight)
        return self._guarded(super().fit, x, None, *args, **kw)

    def evaluate(self, x=None, y=None, *args, sample_weight=None, **kw):
        """As `keras.Model.evaluate`; it refuses what `fit` refuses."""
        refuse(y=y, sample_weight=sample_weight)
        return self._guarded(super().evaluate, x, None, *args, **kw)

    def train_on_batch(self, x, y=None, *args, class_weight=None, **kw):
        """As `keras.Model.train_on_batch`; it refuses what `fit` refuses."""
        refuse(y=y, class_weight=class_weight)
        return self._guarded(super().train_on_batch, x, None, *args, **kw)

    def test_on_batch(self, x, y=None, *args, **kw):
        """As `keras.Model.test_on_batch`; it refuses what `fit` refuses."""
        refuse(y=y)
        return self._guarded(super().test_on_batch, x, None, *args, **kw)

    def check_examples(self, x: Any) -> None:
        """Refuses an array of examples outside of value_range.

        Raises:
            ValueError: Some value is outside, or not finite.
        """
        if self.value_range is not None:
            _ranges.check_values(x, self.value_range)

    def _guarded(self, method: Any, x: Any, *args: Any, **kw: Any) -> Any:
        """Keras's method on examples that are refused outside of the range."""
        _refuse_forms(x)
        data = _ranges.guarded(x, self.value_range, self._check_shape)
        held = self._hold()
        try:
            return method(data, *args, **kw)
        except Exception as error:
            refused = _ranges.refusal(error)
            if refused is None:
                raise
            for variable, value in held:
                if variable._value is None and not value.is_deleted():
                    variable.assign(value)
            raise ValueError(refused) from None

    def _check_shape(self, shape: Any) -> None:
        """Refuses batches of another shape than the generator's; None fits any size.

        Keras itself adds or drops a last axis of size 1.
        """
        wanted = tuple(self.generator.output_shape[1:])  # type: ignore[attr-defined]
        got = tuple(shape[1:])
        for end in ((), (1,)):
            for one, other in (((*wanted, *end), got), (wanted, (*got, *end))):
                sizes = zip(one, other, strict=False)
                if len(one) == len(other) and all(
                    None in pair or pair[0] == pair[1] for pair in sizes
                ):
                    return
        text = ", ".join(map(str, ("n", *wanted)))
        raise ValueError(
            f"examples must have the shape ({text}), many at a time; got "
            f"{tuple(shape)}."
        )

    def _hold(self) -> list[tuple[Any, Any]]:
        """Variables and values that JAX's loop takes away before it asks for data."""
        if keras.backend.backend() != "jax":
            return []
        variables = list(self.variables)
        if self.compiled:
            if not self.optimizer.built:
                self.optimizer.build(self.trainable_variables)
            variables += [*self.optimizer.variables, *self.metrics_variables]
        return [(variable, variable.value) for variable in variables]


def _refuse_forms(x: Any) -> None:
    """Refuses what holds no examples, or several things of which one may be labels."""
    kind = getattr(getattr(x, "dtype", None), "kind", "f")
    if (
        x is None
        or isinstance(x, (str, bytes, list, tuple, dict))
        or kind not in "biuf"
    ):
        got = f"dtype {x.dtype}" if hasattr(x, "dtype") else type(x).__name__
        raise ValueError(
            f"x must be one array of examples, a dataset or an iterator; got {got}."
        )


def refuse(**given: Any) -> None:
    """Refuses labels and weights, in whatever argument they come."""
    for name, value in given.items():
        if value is not None:
            shape = getattr(value, "shape", None)
            kind = type(value).__name__
            got = kind if shape is None else f"an array of shape {tuple(shape)}"
            raise ValueError(
                f"{name} must be None: a GAN trains on examples alone; got {got}."
            )
