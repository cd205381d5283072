"""Weights that come with the package: what they are, and what they refuse."""

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import zoo_cases

import zoo
from recipes.lab import LabError
from recipes.lab.data import sets
from recipes.weights import TRAININGS
from recipes.weights.table import table

NAMES = zoo.list_weights()
CARDS = {name: zoo.card(name) for name in NAMES}
LARGEST, TOGETHER = 2_000_000, 6_000_000  # bytes
# One image of 360 is 0.28 points; another processor may round one across a border.
ROUNDING = {"digits": 0.3}


def built(entry, **settings):
    builder, _, weights = entry.partition("/")
    return zoo.create(builder, weights=weights, **settings)


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_what_a_file_is(name):
    card = CARDS[name]
    path = Path(zoo.__file__).parent / "weights" / f"{name.replace('/', '-')}"
    content = path.with_suffix(".safetensors").read_bytes()
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert card["bytes"] == len(content) <= LARGEST
    assert card["command"] == f"recipes train {name}"
    assert card["license"] == "Apache-2.0"
    assert all(card["data"][key] for key in ("name", "source", "license", "checksum"))
    metric = card["metric"]
    assert metric["low"] < metric["mean"] < metric["high"]
    assert len(metric["seeds"]) >= 3
    assert metric["low"] <= metric["seeds"][0] <= metric["high"]


@pytest.mark.parametrize("name", NAMES)
def test_the_network_is_the_one_of_the_card(name):
    model = built(name, name="mine")
    assert model.name == "mine"
    assert model.count_params() == CARDS[name]["parameters"]
    network = getattr(model, "generator", model)
    outputs = zoo_cases.predict(network, zoo_cases.inputs(network, examples=2))
    assert np.isfinite(outputs).all()
    again = built(name)
    for ours, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_all_files_are_small_and_known():
    folder = Path(zoo.__file__).parent / "weights"
    files = {path.stem: path.stat().st_size for path in folder.iterdir()}
    assert set(files) == {name.replace("/", "-") for name in NAMES}
    assert sum(files.values()) <= TOGETHER


@pytest.mark.parametrize("name", NAMES)
def test_the_file_has_the_score_of_its_card(name):
    """Scored anew, as `recipes train` does, on data that are here."""
    how = TRAININGS[name]
    assert how.arguments == CARDS[name]["arguments"]
    try:
        data = sets.load(how.data)
    except LabError as error:
        pytest.skip(str(error))
    assert data.checksum == CARDS[name]["data"]["checksum"]
    family = importlib.import_module(f"recipes.weights.{how.how}")
    _, test, extras = family.prepare(data)
    for key, value in extras.items():
        assert CARDS[name][key] == value
    score = family.score(built(name), test)
    close = ROUNDING.get(how.data, 0.05)
    assert score == pytest.approx(CARDS[name]["metric"]["file"], abs=close)


def test_a_network_reads_digits(digits):
    """Found by the test's own arithmetic, on all images, trained on or not."""
    x, y = digits
    for name in ("mlp/digits", "lenet/digits"):
        classes = np.argmax(zoo_cases.predict(built(name), x), axis=-1)
        assert np.mean(classes == y) > 0.97


def test_settings_that_change_no_prediction_may_be_given():
    x = np.random.default_rng(0).random((3, 8, 8, 1)).astype("float32")
    plain = zoo.lenet((8, 8, 1), weights="digits")
    other = zoo.lenet(
        input_shape=[8, 8, 1], num_classes=10, filters=[32, 64], dropout=0.5, l2=0.1,
        kernel_initializer="zeros", rescale=True, weights="digits",
    )  # fmt: skip
    np.testing.assert_allclose(
        zoo_cases.predict(other, x * 255.0),
        zoo_cases.predict(plain, x),
        rtol=1e-4,
        atol=1e-4,
    )


def test_a_network_in_a_name_scope_has_the_weights():
    with keras.name_scope("outer"):
        model = zoo.lenet(weights="digits")
    for ours, theirs in zip(model.weights, built("lenet/digits").weights, strict=True):
        assert ours.path == f"outer/{theirs.path}"
        np.testing.assert_array_equal(ours, theirs)


def test_settings_may_be_arrays():
    model = zoo.mlp(np.array([8, 8, 1]), units=np.array([128, 64]), weights="digits")
    assert model.count_params() == CARDS["mlp/digits"]["parameters"]


def test_without_the_top_and_with_another_head():
    whole = zoo.lenet(weights="digits")
    body = zoo.lenet(weights="digits", include_top=False, num_classes=3)
    np.testing.assert_array_equal(
        body.get_layer("conv_2").get_weights()[0],
        whole.get_layer("conv_2").get_weights()[0],
    )
    assert zoo.with_head(whole, 3).output_shape == (None, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: zoo.lenet(weights="imagenet"),
         r"weights must be one of None, 'digits'.* for lenet; got 'imagenet'"),
        (lambda: zoo.lenet(weights=True), "weights must be one of None, 'digits'"),
        (lambda: zoo.lenet(weights="*"), r"'mnist' for lenet; got '\*'"),
        (lambda: zoo.lenet(weights=np.array(["mnist", "digits"])), "for lenet; got"),
        (lambda: zoo.mlp(units=np.array([64, 64]), weights="digits"), "units must be"),
        (lambda: zoo.lenet5(weights="digits"),
         "weights must be one of None for lenet5; there are .*lenet/digits"),
        (lambda: zoo.lenet((28, 28, 1), weights="digits"),
         r"input_shape must be \(8, 8, 1\), or fit .*logits/kernel has the shape "
         r"\(256, 10\) there and \(3136, 10\) here; got \(28, 28, 1\)"),
        (lambda: zoo.lenet((8, 8, 3), weights="digits"), r"got \(8, 8, 3\)"),
        (lambda: zoo.lenet(num_classes=3, weights="digits"),
         "num_classes must be 10 for weights='digits' .zoo.with_head.*; got 3"),
        (lambda: zoo.lenet(activation="tanh", weights="digits"),
         "activation must be 'relu' for weights='digits'; got 'tanh'"),
        (lambda: zoo.mlp((8, 8, 1), 10, units=(64, 64), weights="digits"),
         r"units must be \(128, 64\)"),
        (lambda: zoo.lenet(task="regression", weights="digits"), "task must be"),
        (lambda: zoo.lenet(include_top=0, weights="digits"), "include_top must be"),
        (lambda: zoo.create("lenet", weights="mnits"), "weights must be one of"),
        (lambda: zoo.card("lenet/digit"), "did you mean 'lenet/digits'"),
        (lambda: zoo.card(3), "name must be one of"),
        (lambda: zoo.list_weights(3), "pattern must be"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_an_unknown_argument_is_named():
    with pytest.raises(TypeError, match=r"lenet\(\) got an unexpected keyword"):
        zoo.lenet(weights="digits", filter=3)


SPOIL = """
import sys
from pathlib import Path
import zoo
file = Path(zoo.__file__).parent / "weights" / "lenet-digits.safetensors"
assert str(file).startswith(sys.argv[1])
content = bytearray(file.read_bytes())
content[-1] ^= 1
file.write_bytes(content)
for step in (lambda: zoo.lenet(weights="digits"), lambda: zoo.card("lenet/digits")):
    try: step()
    except ValueError as error: print("damaged" in str(error), "SHA-256" in str(error))
file.unlink()
try: zoo.lenet(weights="digits")
except ValueError as error: print("can't be read" in str(error))
"""


def test_a_damaged_file_is_not_loaded(tmp_path):
    package = Path(zoo.__file__).parent
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, tmp_path / "zoo", ignore=ignored)
    done = run(SPOIL, tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{pythonpath()}")
    assert done.stdout.split() == ["True"] * 5, done.stderr[-2000:]


FRESH = """
import sys
import keras
import numpy as np

arrays = np.load(sys.argv[1])

def check(network, name):
    ours, theirs = network.predict(arrays[f"x {name}"], verbose=0), arrays[f"y {name}"]
    assert abs(ours - theirs).max() <= 1e-4 * max(1.0, abs(theirs).max()), name

for name in arrays["names"]:
    if "dcgan" in str(name): continue
    path = f"{sys.argv[2]}/{str(name).replace('/', '-')}.keras"
    check(keras.models.load_model(path), name)
assert "zoo" not in sys.modules

import zoo
for name in arrays["names"]:
    builder, _, weights = str(name).partition("/")
    model = zoo.create(builder, weights=weights)
    check(getattr(model, "generator", model), name)
print("equal")
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_fresh_processes_load_the_same_networks(backend, tmp_path):
    """Saved models, without this package; then weights by name."""
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    arrays = {"names": np.array(NAMES)}
    for name in NAMES:
        model = built(name)
        model.save(tmp_path / f"{name.replace('/', '-')}.keras")
        network = getattr(model, "generator", model)
        arrays[f"x {name}"] = zoo_cases.inputs(network, examples=2)
        arrays[f"y {name}"] = zoo_cases.predict(network, arrays[f"x {name}"])
    np.savez(tmp_path / "arrays.npz", **arrays)
    environment = {"KERAS_BACKEND": backend, "PYTHONPATH": pythonpath()}
    done = run(FRESH, tmp_path / "arrays.npz", tmp_path, **environment)
    assert done.stdout == "equal\n", done.stderr[-2000:]


def pythonpath():
    return os.pathsep.join(path for path in sys.path if path)


def run(code, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def test_the_docs_show_the_cards():
    docs = (Path(__file__).parents[2] / "docs" / "zoo.md").read_text()
    assert table(list(CARDS.values())) in docs


def test_words_become_numbers():
    rows = zoo.encode_words(["It's good, GOOD!", "", "a b c good"], ["good", "it's"], 3)
    np.testing.assert_array_equal(rows, [[3, 2, 2], [0, 0, 0], [1, 1, 2]])
    assert rows.dtype == "int32"
    assert zoo.encode_words([], ["good"], 3).shape == (0, 3)
    with pytest.raises(ValueError, match="texts must be a list"):
        zoo.encode_words("good", ["good"], 3)
    with pytest.raises(ValueError, match="text must be a string"):
        zoo.encode_words([3], ["good"], 3)


@pytest.mark.skipif("char_lm/tiny_shakespeare" not in NAMES, reason="not trained")
def test_a_language_model_writes_words():
    vocabulary = zoo.Vocabulary(CARDS["char_lm/tiny_shakespeare"]["characters"])
    model = zoo.char_lm(weights="tiny_shakespeare")
    text = vocabulary.sample(model, "ROMEO:\nI ", 200, temperature=0.3, seed=0)
    assert text.count(" the ") + text.count(" and ") + text.count(" to ") > 0


@pytest.mark.skipif("lstm/imdb" not in NAMES, reason="not trained")
def test_a_network_tells_praise_from_blame():
    words, model = CARDS["lstm/imdb"]["words"], zoo.lstm(weights="imdb")
    texts = [
        "A wonderful, moving film. The acting is superb and I loved every minute.",
        "A terrible, boring waste of time. The acting is awful and the plot is worse.",
    ]
    tokens = zoo.encode_words(texts, words, model.input_shape[1])
    praise, blame = keras.ops.convert_to_numpy(model(tokens))[:, 0]
    assert praise > 0 > blame
