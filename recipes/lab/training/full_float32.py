"""Has accelerators compute float32 in float32, where they would round its factors."""

import contextlib
from collections.abc import Iterator
from typing import Any

OFF = {"jax": "highest", "tensorflow": False, "torch": (False, False)}


@contextlib.contextmanager
def full_float32(backend: str) -> Iterator[None]:
    """Turns TF32 off in this process, and puts the rule back.

    GPUs from compute capability 8.0 on round the factors of float32 products to 10 bits
    (NVIDIA, A100 whitepaper, 2020) unless they are told otherwise: with JAX and
    TensorFlow in every product, with PyTorch in convolutions. What lessons compute in
    float32 would hold to three digits, and a comparison with a formula fails. Products
    in half precision are not affected.

    Args:
        backend: The Keras backend that is loaded.
    """
    before = _exchange(backend, OFF[backend])
    try:
        yield
    finally:
        _exchange(backend, before)


def _exchange(backend: str, rule: Any) -> Any:
    """Sets the backend's rule for products of float32; returns the one before."""
    if backend == "jax":
        import jax

        before = jax.config.jax_default_matmul_precision
        jax.config.update("jax_default_matmul_precision", rule)
        return before
    if backend == "tensorflow":
        from tensorflow.config import experimental

        before = experimental.tensor_float_32_execution_enabled()
        experimental.enable_tensor_float_32_execution(rule)
        return before
    from torch.backends import cuda, cudnn

    before = cudnn.allow_tf32, cuda.matmul.allow_tf32
    cudnn.allow_tf32, cuda.matmul.allow_tf32 = rule
    return before
