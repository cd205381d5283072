"""Processes that train: warm, one thread each, gone when the run's leader is gone."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from recipes.lab.catalog.reach import HOME
from recipes.lab.running import threads

IDLE = 600  # seconds after which a worker without work ends
POLL = 0.5  # seconds between two looks at whether the leader is there


def run(
    function: Callable, tasks: Sequence, jobs: int, digest: str
) -> Iterator[tuple[int, object]]:
    """Runs a function on tasks in other processes; yields results as they arrive.

    Where a worker dies, what it had not finished is tried again, one task at a time; a
    task whose worker dies again is given up.

    Args:
        function: Of a module's top level.
        tasks: Plain data.
        jobs: How many processes.
        digest: Of all sources; workers that began under another one are replaced.

    Yields:
        A task's index with its result, or with None where its workers died.
    """
    left = dict(enumerate(tasks))
    try:
        for index, result in _parallel(function, left, jobs, digest):
            del left[index]
            yield index, result
    except _death():
        for index, task in left.items():
            try:
                for _, result in _parallel(function, {index: task}, jobs, digest):
                    yield index, result
            except _death():
                yield index, None


def stop() -> None:
    """Ends all workers at once."""
    if "joblib" not in sys.modules:
        return
    from joblib.externals.loky import reusable_executor

    executor = reusable_executor._executor
    if executor is not None:
        executor.shutdown(wait=False, kill_workers=True)


def _parallel(function: Callable, tasks: dict, jobs: int, digest: str) -> Iterator:
    import joblib

    call = joblib.delayed(_numbered)
    with (
        _importable(),
        joblib.parallel_config(
            "loky",
            inner_max_num_threads=1,
            initializer=_begin,
            initargs=(os.getpid(), digest, str(HOME)),
            idle_worker_timeout=IDLE,
        ),
    ):
        parallel = joblib.Parallel(
            n_jobs=max(2, jobs),  # for one, joblib would start no process
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch=max(1, jobs),
        )
        yield from parallel(
            call(function, index, task) for index, task in list(tasks.items())
        )


def _numbered(function: Callable, index: int, task) -> tuple[int, object]:
    return index, function(task)


def _death() -> type[BaseException]:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    return TerminatedWorkerError


@contextlib.contextmanager
def _importable() -> Iterator[None]:
    """Has workers import nothing from the current folder, but this package."""
    wanted = {"PYTHONSAFEPATH": "1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin(leader: int, digest: str, home: str) -> None:
    """Prepares a worker, before it loads anything heavy."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the leader's business
    threads.limit()
    threading.Thread(target=_end_with, args=(leader,), daemon=True).start()


def _end_with(leader: int) -> None:
    while os.getppid() == leader:
        time.sleep(POLL)
    os._exit(1)
