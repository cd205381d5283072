"""Has accelerators compute float32 in float32, where they would round its factors."""

import contextlib
from collections.abc import Iterator


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
    if backend == "jax":
        import jax

        name = "jax_default_matmul_precision"
        before = getattr(jax.config, name)
        jax.config.update(name, "highest")
        try:
            yield
        finally:
            jax.config.update(name, before)
    elif backend == "tensorflow":
        from tensorflow.config import experimental

        before = experimental.tensor_float_32_execution_enabled()
        experimental.enable_tensor_float_32_execution(False)
        try:
            yield
        finally:
            experimental.enable_tensor_float_32_execution(before)
    else:
        from torch.backends import cuda, cudnn

        earlier = cudnn.allow_tf32, cuda.matmul.allow_tf32
        cudnn.allow_tf32 = cuda.matmul.allow_tf32 = False
        try:
            yield
        finally:
            cudnn.allow_tf32, cuda.matmul.allow_tf32 = earlier
