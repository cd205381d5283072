"""What JAX compiled is kept in files, so that the next process loads it."""

import contextlib
import hashlib
import os
import time
from pathlib import Path

from recipes.lab import files
from recipes.lab.data import cache
from recipes.lab.training import machine, precision

SHORTEST = 0.2  # seconds of compilation from which a program is kept
SHORTEST_OF_JAX = "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"


def place() -> Path:
    """The folder of all programs."""
    return cache.folder() / "jax"


def keep() -> None:
    """Lets JAX keep programs in the cache folder, for all that this process compiles.

    A program is the machine code of one processor, and split by the number of
    threads: each kind of machine, library and environment has a folder of its own.
    A place that the user chose (`JAX_COMPILATION_CACHE_DIR`) stays, and so does a time
    (`JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS`);
    `JAX_ENABLE_COMPILATION_CACHE=false` keeps nothing.
    """
    import jax

    config = jax.config
    if config.jax_compilation_cache_dir or not config.jax_enable_compilation_cache:
        return
    about = [machine.describe("jax"), sorted(precision.cpu_flags())]
    digest = hashlib.sha256(files.canonical(about).encode()).hexdigest()
    folder = place() / digest[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        config.update("jax_compilation_cache_dir", str(folder))
        if SHORTEST_OF_JAX not in os.environ:
            config.update(SHORTEST_OF_JAX.lower(), SHORTEST)


def prune(older_than_days: float) -> tuple[int, int]:
    """Deletes programs that are older; returns how many, and their bytes."""
    limit, count, freed = time.time() - older_than_days * 86400, 0, 0
    for path in place().glob("*/*"):
        with contextlib.suppress(OSError):
            state = path.stat()
            if state.st_mtime < limit:
                path.unlink()
                count, freed = count + 1, freed + state.st_size
    return count, freed
