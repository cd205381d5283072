"""The process in which a worker of a cluster trains: nothing else runs in it.

Threads of Dask draw from Python's random state, which decides the weights that Keras's
layers begin with: in the worker itself a training would depend on chance.
"""

import os
import pickle
import sys
from typing import BinaryIO

from recipes.lab.errors import LabError
from recipes.lab.running import member, workers
from recipes.lab.running.member import Outcome, Task


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Trains tasks until there are no more.

    Args:
        requests: Pickled tasks, one after the other.
        answers: Gets an `Outcome` for each, or a text that says why its sources are
            not what this process has loaded.
    """
    while True:
        try:
            task = pickle.load(requests)
            pickle.dump(_answer(task), answers)
            answers.flush()
        except (EOFError, BrokenPipeError):  # the worker is gone
            return


def _answer(task: Task) -> Outcome | str:
    try:
        member.same_sources(task.lesson, task.digest)
    except LabError as error:
        return str(error)
    return member.run_task(task)


if __name__ == "__main__":
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what members print is no answer
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = open(0)  # noqa: SIM115 - as long as the process
    workers.begin(os.getppid())
    serve(requests, answers)
    os._exit(0)  # what could not be written is not tried again
