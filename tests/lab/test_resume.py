"""A training that was broken off goes on and ends with the same bits.

Deaths here are an exception; `test_resume_kills` kills processes from outside.
"""

import hashlib
import json
import math
import shutil
import subprocess

import keras
import numpy as np
import pytest
import safetensors.numpy

from callbacks import GradientNorms
from recipes.lab import fit
from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint import interval, keeper, members
from recipes.lab.training.checkpoint.folder import Folder
from recipes.lab.training.checkpoint.packing import pack, unpack
from tests.lab.dying import Dies

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 6)).astype("float32")
Y = X[:, :3].argmax(1).astype("int32")


def network(units=8, rate=0.02, loss=None):
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(3),
        ]
    )
    crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss or crossentropy)
    return model


def train(folder, dies=None, callbacks=(), model=None, every=1, **given):
    model = model or network()
    death = Dies()
    death.at = dies
    arguments = {"x": X, "y": Y, "epochs": 6, "seed": 1, "validation_split": 0.2}
    history = fit(
        model,
        **{**arguments, **given},
        callbacks=[death, *callbacks],
        **({} if folder is None else {"checkpoint": folder, "every": every}),
    )
    return model, history


def dies_and_goes_on(folder, at=3, callbacks=list, **given):
    with pytest.raises(KeyboardInterrupt):
        train(folder, at, callbacks(), **given)
    return train(folder, None, callbacks(), **given)


def assert_equal(one, other):
    (first, history), (second, again) = one, other
    assert history.history == again.history
    assert history.epoch == again.epoch
    for variables in ("variables", "metrics_variables"):
        for a, b in zip(getattr(first, variables), getattr(second, variables),
                        strict=True):  # fmt: skip
            np.testing.assert_array_equal(a.value, b.value)
    for a, b in zip(first.optimizer.variables, second.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.value, b.value)


@pytest.fixture(scope="module")
def undisturbed():
    return train(None)


def test_a_training_goes_on_with_the_same_bits(tmp_path, undisturbed):
    assert_equal(undisturbed, dies_and_goes_on(tmp_path / "kept"))


def test_keeping_changes_no_bit(tmp_path, undisturbed):
    for every in ("epoch", 2, "0.01 s"):
        assert_equal(undisturbed, train(tmp_path / str(every), every=every))


@pytest.mark.parametrize("epoch", [0.01, 1.0, 300.0])
@pytest.mark.parametrize("save", [0.001, 0.1, 20.0])
@pytest.mark.parametrize("begin", [0.0, 1.0])
def test_keeping_adds_at_most_a_fiftieth(monkeypatch, epoch, save, begin):
    """By a clock of our own: whatever epochs, saves and the time before them take."""
    now = [0.0]
    monkeypatch.setattr(interval.time, "monotonic", lambda: now[0])
    due = interval.Interval("epoch")
    now[0] += begin
    due.prepared()
    due.expect(0)
    due.saved(save)  # what it costs is known
    now[0] += save
    due.start()
    kept, trained = begin + save, 0.0
    while trained < 50 * begin + 2500 * save + 3 * epoch:
        now[0] += epoch
        trained += epoch
        if due.is_due(epoch_ends=True):
            now[0] += save
            kept += save
            due.saved(save)
            assert kept + save <= trained / 50 + 1e-6  # with the one at the end
        assert not due.is_due(epoch_ends=False)
    if epoch < save:  # and no less than it may
        assert kept + 3 * save > trained / 50


def flip(path):
    content = bytearray(path.read_bytes())
    content[-9] ^= 16
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("kind", "damage"),
    [("safetensors", flip), ("json", cut), ("safetensors", lambda one: one.unlink())],
)
def test_damage_costs_steps_and_no_bit(tmp_path, kind, damage, undisturbed):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, 3)
    older, newest = sorted(tmp_path.glob(f"*.{kind}"))
    damage(newest)
    assert Folder(tmp_path).newest().path.stem == older.stem
    assert_equal(undisturbed, train(tmp_path))


def test_callbacks_go_on(tmp_path):
    def callbacks(place):
        place.mkdir()
        return [
            GradientNorms(per_layer=False),  # Keras numbers layers' names
            keras.callbacks.CSVLogger(place / "log.csv"),
            keras.callbacks.EarlyStopping(patience=9, restore_best_weights=True),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.7),
        ]

    folders = iter(tmp_path / name for name in ("one", "two", "three"))
    one = callbacks(next(folders))
    whole = train(None, callbacks=one)
    dead = callbacks(next(folders))
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "kept", 3, dead)
    dead[1].csv_file.close()  # as a death does
    two = callbacks(next(folders))
    assert_equal(whole, train(tmp_path / "kept", None, two))
    assert (tmp_path / "one/log.csv").read_text() == (
        tmp_path / "three/log.csv"
    ).read_text()
    np.testing.assert_array_equal(one[0].table.norms, two[0].table.norms)
    assert one[2].best == two[2].best
    assert one[2].wait == two[2].wait


def test_the_state_of_a_callback_of_ones_own(tmp_path):
    class Counts(Dies):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append((epoch, np.float32(logs["loss"])))

        def get_state(self):
            return {"seen": self.seen}

        def set_state(self, state):
            self.seen = state["seen"]

    whole, counts = Counts(), Counts()
    train(None, callbacks=[whole])
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, 4, callbacks=[Counts()])
    train(tmp_path, callbacks=[counts])
    assert counts.seen == whole.seen
    assert [type(item) for item in counts.seen[0]] == [int, np.float32]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"seed": 2}, r"differ: seed \(1, now 2\)"),
        ({"epochs": 7}, r"differ: epochs \(6, now 7\)"),
        ({"batch_size": 16}, r"differ: batch_size \(32, now 16\)"),
        ({"x": X + 1}, "differ: the data; the validation data[.]"),
        ({"resident": False}, r"differ: resident \(True, now False\)"),
        ({"verbose": 2}, r"differ: validation in memory, which verbose decides \(True"),
    ],
)
def test_another_training_is_refused_by_what_differs(tmp_path, given, says):
    train(tmp_path)
    with pytest.raises(LabError, match=f"is of another training; these {says}"):
        train(tmp_path, **given)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (lambda: network(9), "the model"),
        (lambda: network(rate=0.01), "what the model was compiled with"),
        (lambda: network(loss=keras.losses.SparseCategoricalCrossentropy(True, 0)),
         "what the model was compiled with"),
    ],
)  # fmt: skip
def test_another_model_is_refused(tmp_path, model, says):
    train(tmp_path)
    with pytest.raises(LabError, match=f"these differ: {says}"):
        train(tmp_path, model=model())


def test_other_settings_of_a_callback_are_refused(tmp_path):
    def scheduled(factor):
        schedule = keras.callbacks.LearningRateScheduler(lambda _, rate: rate * factor)
        return train(tmp_path, callbacks=[schedule])

    scheduled(0.7)
    scheduled(0.7)
    with pytest.raises(LabError, match="these differ: the callbacks"):
        scheduled(0.8)


@pytest.mark.parametrize(
    ("callback", "says"),
    [
        (lambda: keras.callbacks.BackupAndRestore("backup"), "it resumes by itself"),
        (lambda: keras.callbacks.LambdaCallback(), "LambdaCallback, which may"),
        (lambda: type("Mine", (keras.callbacks.EarlyStopping,), {})(),
         "Mine, which may remember"),
    ],
)  # fmt: skip
def test_callbacks_that_cannot_go_on_are_refused(tmp_path, callback, says):
    with pytest.raises(LabError, match=says):
        train(tmp_path, callbacks=[callback()])


def test_data_that_cannot_go_back_is_refused(tmp_path):
    def batches():
        yield X[:8], Y[:8]

    with pytest.raises(LabError, match="takes arrays; x is a generator"):
        fit(network(), batches(), steps_per_epoch=1, checkpoint=tmp_path)


@pytest.mark.parametrize(
    "every",
    [0, -1, 2.0, True, "5", "0 s", "epochs", 1.5, None, "\u0663 s", "9" * 400 + " s"],
)
def test_every_is_checked(tmp_path, every):
    says = r"^every must be 'epoch', a whole number of steps from 1 or seconds such as"
    with pytest.raises(LabError, match=says):
        fit(network(), X, Y, checkpoint=tmp_path, every=every)


class InBytes:
    def __fspath__(self):
        return b"folder"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("a\0b", r"a folder; the name 'a\\x00b' has a null character"),
        (InBytes(), "a folder, not <tests"),
        (b"folder", "a folder, not b'folder'"),
        ("", "a folder; its name is empty"),
        ("~nobody_of_this_name/kept", "a folder; nobody has the home of '~nobody"),
    ],
)
def test_the_name_of_the_folder_is_checked(given, says):
    with pytest.raises(LabError, match=f"checkpoint must be {says}"):
        fit(network(), X, Y, checkpoint=given)


def test_what_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path / "nothing/there")
    for name, kind in (("file", "a file"), ("link", "a broken link")):
        with pytest.raises(LabError, match=f"be a folder; .*{name} is {kind}"):
            fit(network(), X, Y, checkpoint=tmp_path / name)


def test_a_folder_may_be_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    fit(network(), X, Y, checkpoint="~/kept")
    assert list((tmp_path / "kept").glob("*.json"))


def test_every_needs_a_folder():
    with pytest.raises(LabError, match="every=3 needs checkpoint=FOLDER"):
        fit(network(), X, Y, every=3)
    with pytest.raises(LabError, match="checkpoint must be a folder, not 3"):
        fit(network(), X, Y, checkpoint=3)


def test_a_second_training_is_kept_out(tmp_path):
    with Folder(tmp_path).locked(), pytest.raises(LabError, match="another training"):
        train(tmp_path)
    train(tmp_path)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    model = network(rate=1e30)
    with pytest.warns(UserWarning, match="no checkpoint is written") as warned:
        train(tmp_path, model=model, on_divergence="return")
    assert [one.category for one in warned].count(UserWarning) == 1
    assert not all(np.isfinite(weight).all() for weight in model.get_weights())
    for path in tmp_path.glob("*.safetensors"):
        arrays = safetensors.numpy.load_file(path)
        weights = [a for name, a in arrays.items() if name.startswith("model/")]
        assert weights
        assert all(np.isfinite(weight).all() for weight in weights)


def test_numbers_that_hide_in_a_model_are_refused(tmp_path):
    """An optimizer that the train step builds by itself can't be restored."""
    model = network()
    model.second = keras.optimizers.SGD(0.1)
    with pytest.raises(LabError, match="has no variables before training"):
        train(tmp_path, model=model, epochs=1)


def test_long_members_of_sweeps_are_kept_by_themselves(tmp_path, monkeypatch):
    whole = train(None)
    folder = tmp_path / "member"
    with members.kept_in(str(folder)):
        assert_equal(whole, train(None))
        assert not folder.exists()  # it took too little time
    monkeypatch.setattr(keeper, "LONG", 0.0)
    with members.kept_in(str(folder)):
        train(None)
        with pytest.raises(KeyboardInterrupt):
            train(None, dies=3)
        kept = tmp_path / "kept"  # what a death leaves, which comes to no end
        shutil.copytree(folder, kept)
    folder = kept
    assert sorted(path.name for path in folder.iterdir()) == ["0", "1"]
    with members.kept_in(str(folder)):
        first, second = train(None), train(None)
        assert_equal(whole, first)
        assert_equal(whole, second)
        assert first[1].first_call_seconds == 0  # no program ran
        assert folder.exists()
    assert not folder.exists()


def test_members_that_cannot_be_kept_are_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper, "LONG", 0.0)
    seen = []
    noted = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(epoch)
    )
    (tmp_path / "file").write_text("no folder")
    for place in ("member", "file"):
        with members.kept_in(str(tmp_path / place)):
            assert_equal(train(None), train(None, callbacks=[noted]))
    assert seen == [*range(6), *range(6)]


def test_packing_gives_back_values_and_types():
    import ml_dtypes

    value = {
        "plain": [None, True, -3, 1e-300, math.inf, "ü", b"\x00\xff"],
        "tuple": (1, (2.5,), []),
        "keys": {1: "one", (2, 3): "two", "~": 0},
        "numpy": [np.float32(1.1), np.int64(7), np.bool_(True)],
        "arrays": [np.arange(3), np.zeros((0, 4)), np.ones(2, ml_dtypes.bfloat16)],
    }
    tensors = {}
    packed = json.loads(json.dumps(pack(value, tensors, "it")))
    back = unpack(packed, tensors)
    assert list(back) == list(value)
    for name in ("plain", "tuple", "keys", "numpy"):
        assert back[name] == value[name]
    assert [type(n) for n in back["numpy"]] == [type(n) for n in value["numpy"]]
    for one, other in zip(back["arrays"], value["arrays"], strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        np.testing.assert_array_equal(one, other)
    assert math.isnan(unpack(json.loads(json.dumps(pack(math.nan, {}, "it"))), {}))


def test_packing_refuses_objects():
    with pytest.raises(TypeError, match=r"it\[0\]\['a'\] is of the type object"):
        pack([{"a": object()}], {}, "it")


# ---- Files.

ARRAYS = {
    "a": np.arange(6, dtype="float32").reshape(2, 3),
    "empty": np.zeros((0, 2), "int64"),
    "flag": np.array(True),
}


@pytest.fixture
def kept(tmp_path):
    folder = Folder(tmp_path)
    folder.save(5, {"epoch": 1}, ARRAYS)
    folder.save(9, {"epoch": 2}, {name: a + a for name, a in ARRAYS.items()})
    return tmp_path


def test_two_generations_are_kept_in_files_that_others_read(kept):
    Folder(kept).newest()
    folder = Folder(kept)
    assert folder.newest().state == {"epoch": 2}
    folder.save(12, {"epoch": 3}, ARRAYS)
    assert {path.name for path in kept.iterdir()} == {
        f"{number:012}.{kind}" for number in (9, 12) for kind in ("json", "safetensors")
    }
    read = safetensors.numpy.load_file(kept / "000000000012.safetensors")
    for name, array in ARRAYS.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize("kind", ["json", "safetensors"])
def test_every_prefix_gives_the_older_state(kept, kind):
    path = kept / f"000000000009.{kind}"
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert Folder(kept).newest().state == {"epoch": 1}, size
    path.write_bytes(whole)
    assert Folder(kept).newest().state == {"epoch": 2}


@pytest.mark.parametrize("kind", ["json", "safetensors"])
def test_every_flipped_bit_gives_the_older_state(kept, kind):
    path = kept / f"000000000009.{kind}"
    whole = path.read_bytes()
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << (place % 8)
        path.write_bytes(flipped)
        assert Folder(kept).newest().state == {"epoch": 1}, place


def test_a_missing_file_gives_the_older_state(kept):
    (kept / "000000000009.safetensors").unlink()
    assert Folder(kept).newest().state == {"epoch": 1}


def test_damage_to_all_is_refused(kept):
    for path in kept.glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(LabError, match=r"is whole .*another size"):
        Folder(kept).newest()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "no checkpoint of"),
        ({}, "no checkpoint of"),
        (None, "no checkpoint of"),
        ({"format": 1}, "no checkpoint of"),
        ({"format": 1, "arrays": [], "state": {}}, "no checkpoint of"),
        ({"format": 1, "arrays": {"bytes": 1}, "state": {}}, "no checkpoint of"),
        ({"format": 1, "arrays": {"bytes": 1, "sha256": ""}}, "no checkpoint of"),
        ({"format": 2}, "of format 2, not 1"),
    ],
)
def test_other_content_with_its_checksum_gives_the_older_state(kept, content, says):
    text = json.dumps(content)
    line = hashlib.sha256(text.encode()).hexdigest()
    (kept / "000000000009.json").write_text(f"{line}\n{text}\n")
    assert Folder(kept).newest().state == {"epoch": 1}
    (kept / "000000000005.json").write_text(f"{line}\n{text}\n")
    with pytest.raises(LabError, match=f"is whole .*{says}"):
        Folder(kept).newest()


def test_what_a_death_in_a_first_save_left_counts_for_nothing(tmp_path):
    (tmp_path / "000000000005.safetensors").write_bytes(b"half")
    (tmp_path / ".000000000005.json.77.tmp").write_bytes(b"half")
    folder = Folder(tmp_path)
    assert folder.newest() is None
    folder.save(7, {}, ARRAYS)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_cannot_be_written_leaves_the_older_state(kept):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    folder = Folder(kept)
    folder.newest()
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        with pytest.raises(LabError, match="cannot write a checkpoint"):
            folder.save(12, {"epoch": 3}, {"large": np.zeros(1000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert Folder(kept).newest().state == {"epoch": 2}
    assert not list(kept.glob(".*"))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own, of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


class Fills(Dies):
    """Fills the disk when an epoch begins, but for so many bytes."""

    def __init__(self, disk, room):
        super().__init__()
        self.disk, self.room = disk, room

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 3:
            free = shutil.disk_usage(self.disk).free
            (self.disk / "filler").write_bytes(bytes(free - self.room))


@pytest.mark.parametrize("room", [0, 12288])
def test_a_full_disk_ends_a_training_that_goes_on_with_room(
    small_disk, room, undisturbed
):
    """No room for anything, or for the arrays but not for the rest."""
    folder = small_disk / "kept"
    fills, never = Fills(small_disk, room), Fills(small_disk, room)
    never.on_epoch_begin = lambda *arguments: None
    with pytest.raises(LabError, match=r"cannot write a checkpoint.*No space left"):
        train(folder, callbacks=[fills])
    assert not list(folder.glob(".*"))
    assert Folder(folder).newest().state["position"] == [3, 0, False]
    (small_disk / "filler").unlink()
    assert_equal(undisturbed, train(folder, callbacks=[never]))
