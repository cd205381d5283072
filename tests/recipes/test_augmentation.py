"""The augmentation recipe: each change by hand, and layers that know when to be off."""

import keras
import numpy as np
import pytest

from recipes.generalization.augmentation import (
    generated,
    geometric,
    inside,
    lighting,
    mixing,
    noise,
    real_images,
    series,
    smoothness,
    words,
)
from recipes.lab import generators
from recipes.lab.data import sets

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


def as_numpy(tensor) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@pytest.mark.parametrize("flag", ["--seeds=0", "--seeds=101", "--epochs=1001"])
def test_settings_out_of_range(recipes_run, flag):
    recipes_run("augmentation", flag, code=2)


# Images --------------------------------------------------------------------------


def test_training_sets_are_balanced_nested_and_apart(digits):
    small, large = (inside.draw(digits, rows, 3) for rows in (100, 1000))
    assert np.bincount(small["training"][1]).tolist() == [10] * 10
    rows = {
        name: {image.tobytes() for image in pair[0]} for name, pair in small.items()
    }
    assert rows["training"] <= {image.tobytes() for image in large["training"][0]}
    assert not rows["training"] & (rows["validation"] | rows["others"] | rows["test"])
    assert rows["validation"] <= rows["others"]
    other = inside.draw(digits, 100, 4)
    np.testing.assert_array_equal(small["test"][0], other["test"][0])


def test_a_training_repeats_with_all_its_changes(digits):
    case = {"rows": 50, "epochs": 2}
    case["augment"] = inside.KINDS["rotation, zoom and shift"][0](0.3)
    runs = []
    for other in (None, 9):
        if other:  # whatever was trained in between
            geometric.train(case, other, digits)
        runs.append(geometric.train(case, 5, digits))
    assert runs[0] == runs[1]


def test_changes_of_images_by_hand():
    image = np.zeros((1, 8, 8, 1), "float32")
    image[0, 2, 3] = 1
    changes = lighting.CHANGES
    moved = changes["shifted by 1/4"](image)
    assert np.argwhere(moved[0, :, :, 0]).tolist() == [[2, 5]]
    brighter = changes["brighter"](image)
    assert brighter.max() == 1
    assert brighter.min() == pytest.approx(0.3)
    assert changes["low contrast"](image).max() == pytest.approx(0.5 + 0.3 * 0.5)
    covered = changes["partly covered"](np.ones((50, 8, 8, 1), "float32"))
    assert (covered.sum((1, 2, 3)) == 64 - 9).all()


def test_twelve_turns_by_30_degrees_go_round():
    """A blob keeps its distance from the center; after a quarter it lies beside it."""
    rows, columns = np.indices((33, 33)) - 16.0
    image = np.exp(-((rows + 8) ** 2 + columns**2) / 8)[None, ..., None]

    def center(turned) -> list[float]:
        ink = turned[0, ..., 0] / turned.sum()
        return [float((ink * rows).sum()), float((ink * columns).sum())]

    turned = image
    for _ in range(3):
        turned = lighting.CHANGES["turned by 30°"](turned)
    assert np.abs(center(turned)) == pytest.approx([0, 8], abs=0.1)
    for _ in range(9):
        turned = lighting.CHANGES["turned by 30°"](turned)
    assert center(turned) == pytest.approx([-8, 0], abs=0.1)


def test_images_are_new_in_every_epoch_and_off_at_test(digits):
    images, labels = inside.draw(digits, 50, 0)["training"]
    fresh = inside.losses_by_epoch(images, labels, once=False)
    once = inside.losses_by_epoch(images, labels, once=True)
    assert len({*fresh}) == 4
    assert len({*once}) == 1
    found = inside.changed_at_test(images)
    assert not found["predict"]
    assert not found["model(x, training=False)"]


def test_standardizing_undoes_brightness_and_contrast():
    images = RNG.random((5, 8, 8, 1)).astype("float32")
    expected = lighting.standardized(images)
    np.testing.assert_allclose(expected.mean((1, 2, 3)), 0, atol=1e-5)
    other = lighting.standardized(0.5 * images + 0.2)
    np.testing.assert_allclose(other, expected, atol=1e-3)


def test_backgrounds():
    images = np.array([0.0, 0.5, 1.0], "float32").reshape(1, 1, 3, 1)
    painted = lighting.on_grays(images, np.array([0.6]))
    np.testing.assert_allclose(painted.ravel(), [0.6, 0.6, 1.0])


def test_worth_is_read_off_the_curve():
    plain = {50: [0.7], 100: [0.8], 200: [0.9], 400: [0.95]}
    plain = {size: np.array(values) for size, values in plain.items()}
    assert real_images.worth(0.8, plain) == pytest.approx(100)
    assert real_images.worth(0.85, plain) == pytest.approx(np.sqrt(100 * 200))
    assert real_images.worth(0.99, plain) == pytest.approx(400)


def test_noise_gives_the_weights_of_ridge():
    many = noise.fitted(0, 0.3, copies=3000)
    np.testing.assert_allclose(many, noise.ridge(0, 0.3), atol=0.01)
    x, y, _ = noise.regression(0)
    plain = np.linalg.lstsq(x, y, rcond=None)[0]
    np.testing.assert_allclose(noise.ridge(0, 0.0), plain)
    assert noise.new_error(0, noise.regression(0)[2]) == noise.LABEL_NOISE**2


# Mixing --------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:[\\s\\S]*dtype int64")  # of Keras's MixUp on JAX
@pytest.mark.parametrize("kind", mixing.KINDS)
def test_mixed_labels_leave_with_the_images(kind):
    model = mixing.mixing_network([(8, 8, 1), (10,)], kind, 0.3)
    images = RNG.random((6, 8, 8, 1)).astype("float32")
    labels = np.eye(10, dtype="float32")[:6]
    at_test = as_numpy(model([images, labels], training=False))
    np.testing.assert_array_equal(at_test[:, 10:], labels)
    mixed = as_numpy(model([images, labels], training=True))[:, 10:]
    np.testing.assert_allclose(mixed.sum(1), 1, atol=1e-5)
    assert (mixed >= 0).all()


@pytest.mark.filterwarnings("ignore:[\\s\\S]*dtype int64")  # of Keras's MixUp on JAX
def test_mixup_mixes_images_as_it_mixes_labels():
    """Each image is one gray, 0 or 1, so that its mean is the weight of class 1."""
    grays = np.arange(8) % 2
    images = np.broadcast_to(grays[:, None, None, None], (8, 4, 4, 1)).astype("float32")
    labels = np.eye(2, dtype="float32")[grays]
    layer = mixing.KINDS["MixUp"][0](1.0)
    found = layer({"images": images, "labels": labels}, training=True)
    means = as_numpy(found["images"]).mean((1, 2, 3))
    np.testing.assert_allclose(means, as_numpy(found["labels"])[:, 1], atol=1e-5)


def test_erasing_erases_in_every_image():
    layer = mixing.KINDS["erasing"][0](1.0)
    images = np.ones((64, 16, 16, 1), "float32")
    erased = as_numpy(layer(images, training=True))
    assert ((erased == 0).any((1, 2, 3))).mean() > 0.95  # some are less than a pixel


def test_cross_entropy_with_mixed_labels():
    logits = RNG.normal(size=(5, 3)).astype("float32")
    labels = RNG.dirichlet(np.ones(3), 5).astype("float32")
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = -(labels * np.log(chances)).sum(1)
    both = np.concatenate([logits, labels], 1)
    found = as_numpy(mixing.mixed_cross_entropy(None, both))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


# Smoothness ----------------------------------------------------------------------


def test_the_slope_of_a_linear_function_is_the_norm_of_its_matrix():
    matrix = RNG.normal(size=(16, 3))
    images = RNG.normal(size=(200, 4, 4, 1))
    found = smoothness.slope(lambda x: x.reshape(len(x), -1) @ matrix, images, 0)
    assert found == pytest.approx(np.linalg.norm(matrix), rel=0.05)


def test_flips_are_counted():
    """The class of a scalar x is 1 between 1/3 and 2/3: two changes from 0 to 1."""
    images = np.array([0.0, 1.0] * 20).reshape(-1, 1, 1, 1)

    def chances(x):
        inside_ = (x[:, 0, 0, 0] > 1 / 3) & (x[:, 0, 0, 0] < 2 / 3)
        return np.stack([~inside_, inside_], 1).astype(float)

    labels = np.zeros(40, int)
    share = smoothness.flips(chances, images, labels, 0) / 2
    assert 0.35 < share < 0.65  # about half of all pairs are of a 0 and a 1


def test_wrong_labels_are_wrong():
    y = np.arange(100) % 10
    labels, places = smoothness.wrong_labels(y, 10, 0)
    assert len(places) == 20
    assert (labels != y).sum() == 20
    assert (labels[places] != y[places]).all()


# Words and series ----------------------------------------------------------------


def sentences(count: int = 40) -> np.ndarray:
    texts, _ = generators.opinions(count, seed=1)
    return words.encode_words(texts, words.WORDS, words.LENGTH)


def test_synonyms_keep_the_meaning():
    x = sentences()
    layer = words.Synonyms(1.0)
    changed = as_numpy(layer(x, training=True))
    assert (changed != x).any()
    group = {word: number for number, g in enumerate(words.SYNONYMS) for word in g}
    for before, after in zip(x.ravel(), changed.ravel(), strict=True):
        one, other = words.WORDS[before - 2], words.WORDS[after - 2]
        assert group.get(one, one) == group.get(other, other)
    np.testing.assert_array_equal(as_numpy(layer(x, training=False)), x)
    assert (as_numpy(words.Synonyms(0.0)(x, training=True)) == x).all()


def test_swaps_keep_the_bag_of_words():
    x = sentences()
    changed = as_numpy(words.Swaps(3)(x, training=True))
    assert (changed != x).any()
    np.testing.assert_array_equal(np.sort(changed, 1), np.sort(x, 1))
    one = as_numpy(words.Swaps(1)(x, training=True))
    assert ((one != x).sum(1) <= 2).all()


def test_a_bag_of_words_does_not_read_the_order():
    x = sentences()
    bag, order = (words.reader((words.LENGTH,), kind) for kind in words.READERS)
    for model, same in ((bag, True), (order, False)):
        outputs = [as_numpy(model(rows, training=False)) for rows in (x, x[:, ::-1])]
        assert np.allclose(*outputs, atol=1e-5) == same


@pytest.mark.parametrize("kind", ["scaling", "shifting", "warping"])
def test_curves_are_changed_in_training_alone(kind):
    curves = generators.waves(20, seed=2)[0]
    layer = series.KINDS[kind][0](0.3)
    np.testing.assert_array_equal(as_numpy(layer(curves, training=False)), curves)
    changed = as_numpy(layer(curves, training=True))
    assert changed.shape == curves.shape
    assert np.abs(changed - curves).max() > 0.1


def test_each_change_of_a_curve_keeps_what_it_says():
    curves = generators.waves(20, seed=2)[0]
    ratio = as_numpy(series.Scaling(0.3)(curves, training=True)) / curves
    np.testing.assert_allclose(ratio, ratio[:, :1].repeat(48, 1), rtol=1e-3)
    assert ratio[:, 0].std() > 0.05
    moved = as_numpy(series.Shifting(0.3)(curves, training=True))
    np.testing.assert_array_equal(np.sort(moved, 1), np.sort(curves, 1))
    ramp = np.linspace(0, 1, 48, dtype="float32")[None, :, None].repeat(5, 0)
    warped = as_numpy(series.Warping(0.9)(ramp, training=True))[..., 0]
    assert (np.diff(warped) >= -1e-6).all()  # time never runs back
    np.testing.assert_allclose(warped[:, 0], 0, atol=0.02)
    np.testing.assert_allclose(warped[:, -1], 1, atol=0.05)


# Generated -----------------------------------------------------------------------


def test_smote_draws_between_neighbors():
    rows = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [50.0, 0.0], [51.0, 0.0],
                     [52.0, 0.0], [53.0, 0.0]])  # fmt: skip
    drawn = generated.smote(rows, 200, np.random.default_rng(0))
    assert (drawn[:, 1] == 0).all()
    assert drawn[:, 0].min() >= 0
    assert drawn[:, 0].max() <= 53


def test_gaussians_have_the_mean_and_spread_of_their_rows():
    rows = RNG.normal([1.0, 2.0], [0.5, 1.0], (500, 2))
    drawn = generated.gaussian(rows, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(0), rows.mean(0), atol=0.1)
    np.testing.assert_allclose(drawn.std(0), rows.std(0), rtol=0.1)


def test_generated_images_are_as_many_of_each_class(digits):
    x, y = inside.draw(digits, 100, 0)["training"]
    for method in ("gaussian", "smote"):
        images, labels = generated.generated(method, x, y, 3, 0)
        assert images.shape == (30, 8, 8, 1)
        assert np.bincount(labels).tolist() == [3] * 10
        assert 0 <= images.min() <= images.max() <= 1
