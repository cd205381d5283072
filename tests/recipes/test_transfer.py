"""The transfer recipe: what is drawn, what is frozen, and what is carried over."""

import types

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import zoo
from recipes.lab import UsageError
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab, judged
from recipes.practice.transfer import (
    Settings,
    choices,
    freezing,
    frozen_normalization,
    listed_settings,
    when,
)
from recipes.practice.transfer._networks import (
    FIVE,
    PAIR,
    RATES,
    TRANSFERRED,
    adapt,
    best_of,
    draw,
    mnist_features,
    network,
    source_weights,
    study,
    train,
    ways,
)


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


@pytest.mark.parametrize(
    "setting", [{"seeds": 0}, {"steps": 3}, {"steps": 10_001}, {"source_epochs": 0}]
)
def test_settings_out_of_range(setting):
    with pytest.raises(UsageError, match="must be"):
        Settings(**setting)


@pytest.mark.parametrize(("target", "count"), [(FIVE, 5), (PAIR, 2)])
def test_parts_do_not_meet(digits, target, count):
    parts = draw(digits, 3, target, 5)
    x, y = parts["training"]
    assert x.shape == (5 * count, 8, 8, 1)
    assert (np.bincount(y) == 5).all()
    assert parts["source"][1].max() == 9 - count
    seen = [
        {image.tobytes() for image in parts[name][0]}
        for name in ("training", "validation", "test")
    ]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]
    # The source has every image of the other classes, and no image of the target.
    y = np.concatenate([digits.y_train, digits.y_test])
    assert len(parts["source"][0]) == (~np.isin(y, target)).sum()


def test_the_test_is_the_same_for_every_seed(digits):
    first, second = (draw(digits, seed, FIVE, 5) for seed in (0, 1))
    assert (first["test"][0] == second["test"][0]).all()
    assert (first["training"][0] != second["training"][0]).any()


def test_spoiled_sources(digits):
    right, shuffled, noise = (
        draw(digits, 0, FIVE, 5, source)["source"]
        for source in ("related", "shuffled labels", "noise images")
    )
    assert (right[0] == shuffled[0]).all()
    assert (np.bincount(right[1]) == np.bincount(shuffled[1])).all()
    # A fifth of five classes is right by chance.
    assert (right[1] == shuffled[1]).mean() == pytest.approx(0.2, abs=0.06)
    assert noise[0].mean() == pytest.approx(0.5, abs=0.01)
    assert noise[0].shape == right[0].shape


def test_photographs_are_halved():
    rng = np.random.default_rng(0)
    x = rng.random((40, 32, 32, 3), "float32")
    y = (np.arange(40) % 10).astype("int32")
    data = types.SimpleNamespace(x_train=x[:30], y_train=y[:30], x_test=x[30:],
                                 y_test=y[30:])  # fmt: skip
    small = draw(data, 0, PAIR, 1)["source"][0]
    assert small.shape == (32, 16, 16, 3)
    # Class 0 is in no target: the first image is the first of the source.
    assert small[0, 0, 0] == pytest.approx(x[0, :2, :2].mean((0, 1)))


@pytest.mark.parametrize(
    ("until", "learning"),
    [(None, 1), ("dense_1", 2), ("block2", 3), ("block1", 4)],
)
def test_layers_that_learn(until, learning):
    model = network((8, 8, 1), 5, until)
    with_weights = [layer for layer in model.layers if layer.weights]
    assert [bool(layer.trainable_weights) for layer in with_weights] == (
        [False] * (4 - learning) + [True] * learning
    )


def test_the_head_alone_learns_and_starts_from_the_source(digits):
    parts = draw(digits, 0, FIVE, 5)
    below = source_weights(parts["source"], 1, 0, ("test",))
    start = study.start(
        parts["training"], 0, network={"classes": 5, "until": None},
        weights=[*below, np.zeros((32, 5)), np.zeros(5)],
    ).get_weights()  # fmt: skip
    kept = {}
    study.train(
        parts["training"], 0, epochs=2, batch_size=20, learning_rate=0.01,
        network={"classes": 5, "until": None},
        weights=[*below, np.zeros((32, 5)), np.zeros(5)],
        measure=lambda model: kept.update(weights=model.get_weights()),
    )  # fmt: skip
    for one, other, after in zip(below, start[:-2], kept["weights"][:-2], strict=True):
        assert (one == other).all()
        assert (one == after).all()
    assert np.abs(kept["weights"][-2]).max() > 0


def test_the_linear_model_is_that_of_scikit_learn(digits):
    parts = draw(digits, 0, FIVE, 5)
    (x, y), (x_test, y_test) = parts["training"], parts["test"]
    expected = LogisticRegression(C=10.0, max_iter=1000).fit(x.reshape(-1, 64), y)
    found = adapt(parts, None, "linear model", 10.0, 10, 0)
    assert found["test"] == expected.score(x_test.reshape(-1, 64), y_test)


def test_small_images_get_the_size_of_mnist(digits):
    """The lab's means of 3x3 pixels give the small images back."""
    x = digits.x_test[:2]
    features = mnist_features(x)
    assert features.shape == (2, 7 * 7 * 64)
    large = np.pad(x.repeat(3, 1).repeat(3, 2), ((0, 0), (2, 2), (2, 2), (0, 0)))
    assert large[:, 2:26, 2:26].reshape(2, 8, 3, 8, 3).mean((2, 4)) == pytest.approx(
        x[..., 0], abs=1e-6
    )
    body = zoo.lenet(weights="mnist", include_top=False)
    maps = np.asarray(body(large)).reshape(2, -1)
    ratio = features[maps > 0] / maps[maps > 0]
    assert ratio == pytest.approx(np.full(ratio.shape, ratio[0]), rel=1e-4)


def test_every_way_gives_accuracies(digits):
    case = {"source": "related", "target": list(FIVE), "per_class": 5,
            "source_epochs": 1, "steps": 4, "loss": ""}  # fmt: skip
    for way in RATES:
        found = train({**case, "way": way, "rate": RATES[way][0]}, 0, digits)
        assert set(found) == {"validation", "test"}
        assert all(0 <= value <= 1 for value in found.values())


def test_ways_are_chosen_on_other_seeds():
    lab = RecordingLab("transfer", seeds=2, steps=4, source_epochs=1)
    found = ways(lab, "related", FIVE, 5, ("linear model", "head alone"))
    (_, tried, tuning), (_, chosen, seeds) = lab.sweeps
    assert (len(tried), len(chosen)) == (6, 2)
    assert not set(tuning) & set(seeds)
    assert all(found[way][0] in RATES[way] for way in found)
    best = best_of(found, found)
    assert found[best][1] == max(score for _, score, _ in found.values())


@pytest.mark.parametrize(
    ("name", "there"), [("digits", True), ("mnist", False), ("cifar10", False)]
)
def test_mnist_is_no_source_of_itself(monkeypatch, name, there):
    asked: list = []
    monkeypatch.setattr(when, "ways", lambda *given: asked.extend(given[-1]))
    when.found_ways(RecordingLab("transfer", data=name), 5)
    assert (when.LARGE in asked) is there
    assert set(TRANSFERRED) < set(asked)


def test_settings_are_compared_best_with_worst():
    lab = RecordingLab("transfer", smoke=True)
    found = choices.settings(lab)
    assert len(found) == 4
    assert "squared error" in choices.words(("all layers", 0.01, "squares"))


@pytest.mark.parametrize(
    ("claim", "fails"),
    [
        (listed_settings.settings_of_training, []),
        (
            listed_settings.measures_of_training,
            [
                f"decides what is learned: {name}"
                for name in ("evaluation metrics", "model evaluation", "validation")
            ],
        ),
        (frozen_normalization.averages_stay, []),
    ],
)
def test_exact_claims(claim, fails):
    found = judged(claim, RecordingLab("transfer"))
    assert found["fails"] == fails
    assert found["undecided"] == []


def test_a_late_flag_does_what_the_backend_does():
    """TensorFlow trains on as before, PyTorch sees the flag, JAX's trainer refuses."""
    found = judged(freezing.the_flag, RecordingLab("transfer"))
    late, backend = ["moves: set after a first fit"], keras.backend.backend()
    assert found["fails"] == late * (backend == "torch")
    assert found["undecided"] == late * (backend == "jax")
    words = {"tensorflow": "as it was", "torch": "at once", "jax": "trains no more"}
    assert words[backend] in found["note"]


def test_batch_normalization_that_learns_moves_its_averages():
    for kind in frozen_normalization.LAYERS.values():
        moved, off = frozen_normalization.moved_and_off(kind, False)
        assert moved > 0.1
        assert off > 0.01
