"""A sweep whose worker is killed inside a long training: it goes on from there."""

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from recipes.lab import LabError
from recipes.lab.running import workers
from tests.lab.processes import wait_for
from tests.lab.toys import evidence, run_toy, write_toy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
EPOCHS = 120  # of the long one

TRAIN = f'''def train(case, seed, data):
    """One member is long; what counts as long is set so low that it is kept."""
    import os
    import time
    from pathlib import Path

    import keras

    from recipes.lab import fit
    from recipes.lab.training.checkpoint import interval, keeper

    keeper.LONG, interval.SHARE = 0.0, 0
    log = Path(__file__).with_name(f"epochs {{case['add']}} {{seed}}")

    class Notes(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            with log.open("a") as file:
                file.write(f"{{os.getpid()}} {{epoch}}\\n")
            time.sleep(0.01)

        def get_state(self):
            return None

        def set_state(self, state):
            pass

    rng = np.random.default_rng(0)
    x = rng.normal(size=(160, 6)).astype("float32")
    layers = keras.layers
    model = keras.Sequential(
        [layers.Dense(16, activation="relu"), layers.Dropout(0.5), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    epochs = {EPOCHS} if (case["add"], seed) == (1, 1) else 2
    history = fit(model, x, x[:, :1], epochs=epochs, seed=seed, callbacks=[Notes()])
    losses = history.history["loss"]
    return {{"value": losses[-1] + case["add"], "losses": losses}}'''


@pytest.fixture(autouse=True, scope="module")
def _no_workers_left():
    yield
    workers.stop()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("undisturbed")
    return found(folder, run_toy(write_toy(folder, TRAIN), jobs=2))


def found(place: Path, finished) -> str:
    """The evidence, without the place of its making."""
    return evidence(finished.folder).replace(str(place), "")


class Killer(threading.Thread):
    """Kills whichever process trains the long member, when it has done some epochs."""

    def __init__(self, log: Path, deaths: int):
        super().__init__()
        self.log, self.deaths = log, deaths
        self.killed: set[int] = set()

    def run(self):
        while len(self.killed) < self.deaths and wait_for(self._is_on_its_way):
            pid = int(self._lines()[-1].split()[0])
            self.killed.add(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.is_file() else []

    def _is_on_its_way(self) -> bool:
        lines = self._lines()
        fresh = [line for line in lines if int(line.split()[0]) not in self.killed]
        return len(fresh) >= 10


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_long_member_goes_on_in_another_worker(tmp_path, undisturbed, deaths):
    """A second death is its failure; the same command then goes on."""
    lesson, log = write_toy(tmp_path, TRAIN), tmp_path / "epochs 1 1"
    killer = Killer(log, deaths)
    killer.start()
    if deaths == 2:
        with pytest.raises(LabError, match=r"1 of 4 trainings failed: b, seed 1"):
            run_toy(lesson, jobs=2)
        assert list(tmp_path.glob("unfinished/*/0/*.json"))
    finished = run_toy(lesson, jobs=2)
    killer.join()
    assert len(killer.killed) == deaths
    assert found(tmp_path, finished) == undisturbed
    lives: dict[str, list[int]] = {}
    for line in log.read_text().splitlines():
        pid, epoch = line.split()
        lives.setdefault(pid, []).append(int(epoch))
    assert len(lives) == deaths + 1
    assert [first[0] > 0 for first in lives.values()] == [False, *[True] * deaths]
    # An epoch whose end was noted may have had no save yet.
    assert EPOCHS <= sum(map(len, lives.values())) <= EPOCHS + deaths
    assert not list(tmp_path.glob("unfinished/*"))
