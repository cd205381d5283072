"""Processes that train: warm, one thread each, gone when the run's leader is gone."""

import contextlib
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence

from recipes.lab.running import threads

IDLE = 600  # seconds after which a worker without work ends
POLL = 0.5  # seconds between two looks at whether the leader is there


def run(
    function: Callable, tasks: Sequence, jobs: int, name: str
) -> Iterator[tuple[int, object]]:
    """Runs a function on tasks in other processes; yields results as they arrive.

    Where a worker dies, the tasks that it may have had are tried again, one at a time;
    a task whose worker dies again is given up. Then the others go on.

    Args:
        function: Of a module's top level.
        tasks: Plain data.
        jobs: How many processes.
        name: Of the workers; those that are warm under another name are replaced.

    Yields:
        A task's index with its result, or with None where its workers died.
    """
    left = dict(enumerate(tasks))
    try:
        while left:
            begun: list[int] = []
            try:
                found = _parallel(function, left, begun, jobs, name)
                with contextlib.closing(found):
                    for index, result in found:
                        del left[index]
                        yield index, result
            except _death():
                lost = [one for one in begun if one in left] or [next(iter(left))]
                for index in lost:
                    yield index, _alone(function, index, left.pop(index), name)
    except BaseException:  # also where whoever takes the results has stopped
        stop()
        raise


def _alone(function: Callable, index: int, task, name: str) -> object:
    try:
        found = list(_parallel(function, {index: task}, [], 1, name))
    except _death():
        return None
    return found[0][1]


def stop() -> None:
    """Ends all workers at once."""
    if "joblib" not in sys.modules:
        return
    from joblib.externals.loky import reusable_executor

    executor = reusable_executor._executor
    if executor is not None:
        executor.shutdown(wait=False, kill_workers=True)


def _parallel(
    function: Callable, tasks: dict, begun: list[int], jobs: int, name: str
) -> Iterator:
    """Yields index and result as they arrive; `begun` gets what a worker may have."""
    import joblib

    def calls():
        for index, task in list(tasks.items()):
            begun.append(index)
            yield call(function, index, task)

    call = joblib.delayed(_numbered)
    # A worker that has grown is replaced; joblib warns of that as of a leak.
    warnings.filterwarnings("ignore", "A worker stopped while some", UserWarning)
    with (
        _importable(),
        joblib.parallel_config(
            "loky",
            inner_max_num_threads=1,
            initializer=begin,
            initargs=(os.getpid(), name),
            idle_worker_timeout=IDLE,
        ),
    ):
        parallel = joblib.Parallel(
            n_jobs=max(2, jobs),  # for one, joblib would start no process
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch=max(1, jobs),
        )
        results = parallel(calls())
        try:
            # Not `yield from`: that would close them before the warning is silenced.
            for result in results:  # noqa: UP028
                yield result
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of what is cancelled
                results.close()


def _numbered(function: Callable, index: int, task) -> tuple[int, object]:
    return index, function(task)


def _death() -> type[BaseException]:
    from joblib.externals.loky.process_executor import BrokenProcessPool

    return BrokenProcessPool


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


def begin(leader: int, _name: str = "") -> None:
    """Prepares a worker, before it loads anything heavy.

    Args:
        leader: The process whose end is this one's.
        _name: Of the workers; loky starts fresh ones where an argument differs.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the leader's business
    threads.limit()
    end_with(leader)


def end_with(leader: int) -> None:
    """Ends this process, from now on, as soon as its parent isn't the leader."""
    threading.Thread(target=_watch, args=(leader,), daemon=True).start()


def _watch(leader: int) -> None:
    while os.getppid() == leader:
        time.sleep(POLL)
    os._exit(1)
