"""On an accelerator what a lesson computes in float32 is not rounded to 10 bits."""

import contextlib
import sys

import keras
import pytest

from recipes.lab.running import environment, member

BACKEND = keras.backend.backend()


def rounds() -> list[bool]:
    """Whether the backend may round the factors of products of float32."""
    if BACKEND == "jax":
        import jax

        return [jax.config.jax_default_matmul_precision != "highest"]
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return [tf.config.experimental.tensor_float_32_execution_enabled()]
    backends = sys.modules["torch"].backends
    return [backends.cudnn.allow_tf32, backends.cuda.matmul.allow_tf32]


@contextlib.contextmanager
def rounding(allowed: bool):
    """Sets the backend's rule, as a user would, and puts it back."""
    before = rounds()
    backends = sys.modules["torch"].backends if BACKEND == "torch" else None

    def put(values):
        if BACKEND == "jax":
            import jax

            jax.config.update(
                "jax_default_matmul_precision", None if values[0] else "highest"
            )
        elif BACKEND == "tensorflow":
            import tensorflow as tf

            tf.config.experimental.enable_tensor_float_32_execution(values[0])
        else:
            backends.cudnn.allow_tf32, backends.cuda.matmul.allow_tf32 = values

    put([allowed] * len(before))
    try:
        yield
    finally:
        put(before)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_gpu_computes_float32_in_float32(policy, monkeypatch):
    monkeypatch.setattr(environment, "accelerator_files", lambda: ["/dev/nvidia0"])
    with rounding(allowed=True):
        with member.configured(policy):
            assert not any(rounds())
        assert all(rounds())  # the user's rule is back
        with pytest.raises(ZeroDivisionError), member.configured(policy):
            1 / 0  # noqa: B018
        assert all(rounds())


def test_without_an_accelerator_nothing_is_set(monkeypatch):
    monkeypatch.setattr(environment, "accelerator_files", list)
    with rounding(allowed=True), member.configured("float32"):
        assert all(rounds())


def test_lessons_may_ask_for_64_bits_where_there_are_32():
    with member.configured("float32"):  # a warning is an error in tests
        kept = keras.ops.convert_to_tensor([1.0], dtype="float64").dtype
    kept = keras.backend.standardize_dtype(kept)
    assert kept == ("float32" if BACKEND == "jax" else "float64")
