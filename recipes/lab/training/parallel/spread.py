"""Over which devices a model trains; what Keras would do wrong there is refused."""

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.training.parallel import mirrored
from recipes.lab.training.parallel.store import Store

_FITS = itertools.count()  # the same number on every process, if all call alike


class Spread:
    """One device in one process; the base of the others.

    Attributes:
        shares: The parts of equal size that a batch is divided into.
        even_validation: Whether batches of validation data are divided evenly, too.
        noun: What has a part.
        processes: The numbers of the processes that train together.
        own: The number of this process.
    """

    shares = 1
    even_validation = False
    noun = "devices"
    processes: tuple[int, ...] = (0,)
    own = 0

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.own == self.processes[0]

    @property
    def is_several(self) -> bool:
        """Whether several processes train together."""
        return len(self.processes) > 1

    def own_rows(self, rows: np.ndarray) -> np.ndarray:
        """The rows of a batch that this process brings."""
        return rows

    @contextlib.contextmanager
    def training(self) -> Iterator[None]:
        """Goes around all of `fit`."""
        yield


class Replicas(Spread):
    """TensorFlow's `MirroredStrategy`: each replica has its share of a batch."""

    noun = "replicas"

    def __init__(self, count: int):
        self.shares = count


class Devices(Spread):
    """JAX: one program over all devices of a mesh, in one process or several.

    Args:
        distribution: The one that is set in Keras.
    """

    even_validation = True

    def __init__(self, distribution: Any):
        import jax

        self.distribution = distribution
        mesh = distribution.device_mesh.backend_mesh
        axis = distribution.batch_dim_name
        self.sharding = jax.sharding.NamedSharding(
            mesh, jax.sharding.PartitionSpec(axis)
        )
        self.shares = mesh.shape[axis]
        self.processes = tuple(sorted({d.process_index for d in mesh.devices.flat}))
        self.own = jax.process_index()
        self.agreed = not self.is_several
        self.store = Store(f"fit/{next(_FITS)}", self.processes, self.own)

    def own_rows(self, rows: np.ndarray) -> np.ndarray:
        """Those that lie on this process's devices."""
        if not self.is_several:
            return rows
        places = self.sharding.addressable_devices_indices_map((len(rows),))
        parts = sorted({one[0].indices(len(rows))[:2] for one in places.values()})
        return np.concatenate([rows[first:last] for first, last in parts])

    @contextlib.contextmanager
    def training(self) -> Iterator[None]:
        """Has the other processes hear why this one refuses, before they all train."""
        before = self.distribution.auto_shard_dataset
        # The rows are divided here; Keras would refuse what is no data of TensorFlow.
        self.distribution.auto_shard_dataset = before and not self.is_several
        try:
            yield
        except LabError as error:
            if not self.agreed:
                self.store.refuse(str(error))
            raise
        finally:
            self.distribution.auto_shard_dataset = before


def of(model: keras.Model) -> Spread:
    """Over which devices a model trains.

    Args:
        model: A compiled model.

    Raises:
        LabError: It would train on others than were asked for, or wrong.
    """
    backend = keras.backend.backend()
    distribution = keras.distribution.distribution()
    if backend != "jax" and distribution is not None:
        other = {
            "tensorflow": "on TensorFlow, use tf.distribute.MirroredStrategy",
            "torch": "on PyTorch, train on one device",
        }.get(backend, "unset it")
        raise LabError(
            "keras.distribution works on the JAX backend only, and Keras would ignore "
            f"the {type(distribution).__name__} that is set: {other}."
        )
    if backend == "tensorflow":
        count = mirrored.replicas_of(model)
        return Spread() if count == 1 else Replicas(count)
    return _on_jax(model, distribution) if backend == "jax" else Spread()


def _on_jax(model: keras.Model, distribution: Any) -> Spread:
    import jax

    built = {len(v.value.sharding.device_set) for v in model.variables}
    if distribution is None:
        if built - {1}:
            raise LabError(
                f"'{model.name}' was built for {max(built)} devices, but no "
                "distribution is set now: call fit inside its scope, too."
            )
        if jax.process_count() > 1:
            raise LabError(
                f"{jax.process_count()} processes run and each would train '"
                f"{model.name}' by itself: set a distribution before the model is "
                "built, keras.distribution.set_distribution("
                "keras.distribution.DataParallel())."
            )
        return Spread()
    spread = Devices(distribution)
    devices = distribution.device_mesh.devices.size
    if built - {devices}:
        raise LabError(
            f"'{model.name}' was built on {min(built - {devices})} of {devices} "
            "devices: set the distribution before the model is built, or build and "
            "compile it inside the distribution's scope."
        )
    parallel = isinstance(distribution, keras.distribution.DataParallel)
    if spread.is_several and not parallel:
        raise LabError(
            "over several processes fit trains under keras.distribution.DataParallel, "
            f"not {type(distribution).__name__}."
        )
    return spread
