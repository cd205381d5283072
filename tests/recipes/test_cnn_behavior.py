"""The CNN behavior recipe: pictures, probes and d' by hand, and verdicts both ways."""

import keras
import numpy as np
import pytest
from scipy.signal import correlate2d

from recipes.architectures.cnn_behavior import _looking as looking
from recipes.architectures.cnn_behavior import _pooled as poolings
from recipes.architectures.cnn_behavior import _weights as weighted
from recipes.architectures.cnn_behavior import (
    bottleneck,
    hierarchy,
    noise,
    patches,
    pooled_fit,
    positions,
    scales,
    scrambled,
    sharing,
    small_changes,
    stuck,
)
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab, judged

RNG = np.random.default_rng(0)
NAME = "cnn_behavior"


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


@pytest.mark.parametrize("flag", ["--seeds=0", "--seeds=101", "--epochs=1001"])
def test_settings_out_of_range(recipes_run, flag):
    recipes_run(NAME, flag, code=2)


# Images --------------------------------------------------------------------------


def dot(row: int, column: int, side: int = 8) -> np.ndarray:
    image = np.zeros((1, side, side, 1), "float32")
    image[0, row, column] = 1
    return image


def centroid(image: np.ndarray) -> np.ndarray:
    rows, columns = np.indices(image.shape[1:3])
    ink = image[0, ..., 0]
    return np.array([(ink * rows).sum(), (ink * columns).sum()]) / ink.sum()


def test_a_view_of_whole_pixels_is_a_copy():
    images = RNG.random((3, 8, 8, 1)).astype("float32")
    np.testing.assert_allclose(small_changes.view(images, 8), images, atol=1e-6)
    framed = small_changes.view(images, 8, 2, by=(1, -2))
    np.testing.assert_allclose(framed[:, 3:11, 0:8], images, atol=1e-6)
    assert np.abs(framed[:, :3]).max() == 0
    turned = small_changes.view(images, 8, degrees=180)
    np.testing.assert_allclose(turned, images[:, ::-1, ::-1], atol=1e-5)


def test_a_view_is_larger_and_in_its_place():
    half = small_changes.view(dot(2, 5), 16)
    # A pixel of 8 spans two of 16: 4 and 5, 10 and 11. Bilinear: 3/4 of 3/4.
    assert half[0, 4:6, 10:12, 0] == pytest.approx(np.full((2, 2), 9 / 16), abs=1e-5)
    assert half.sum() == pytest.approx(4, abs=1e-4)
    zoomed = small_changes.view(dot(2, 5), 8, 8, factor=2.0)
    middle = 11.5
    moved = 2 * (np.array([2, 5]) - 3.5)
    np.testing.assert_allclose(centroid(zoomed), middle + moved, atol=1e-4)


def test_shift_turn_and_zoom_move_a_dot_equally_far():
    image, pixels = dot(2, 6), 0.5
    before = centroid(small_changes.view(image, 24, small_changes.MARGIN))
    for name, after in small_changes.changed(image, 24, pixels).items():
        far = np.linalg.norm(centroid(after) - before)
        assert far == pytest.approx(pixels, rel=0.05), name


def test_images_to_learn_choose_and_judge_on_are_apart(digits):
    drawn = small_changes.draw(digits, 100, 3)
    images = {name: {one.tobytes() for one in x} for name, (x, _) in drawn.items()}
    assert len(drawn["training"][0]) == 100
    assert not images["training"] & images["validation"]
    assert not images["test"] & (images["training"] | images["validation"])
    other = small_changes.draw(digits, 960, 4)
    np.testing.assert_array_equal(drawn["test"][0], other["test"][0])
    more = small_changes.draw(digits, 960, 3)["training"][0]
    np.testing.assert_array_equal(more[:100], drawn["training"][0])


def test_rates_are_chosen_on_seeds_of_their_own_and_by_other_images():
    def train(case, seed, data) -> dict:
        return {"held_out_loss": abs(np.log10(case["learning_rate"] / 0.003))}

    lab = RecordingLab(NAME, seeds=3)
    found = bottleneck.at_best(lab, train, {"one": {"rows": 1}}, "")
    (_, tried, choosing), (_, chosen, judging) = lab.sweeps
    assert not set(choosing) & set(judging)
    assert {case["judge"] for case in tried.values()} == {"validation"}
    assert {case["judge"] for case in chosen.values()} == {"test"}
    assert {run["learning_rate"] for run in found["one"]} == {0.003}


# Positions -----------------------------------------------------------------------


def test_layers_of_whole_numbers_are_correlations():
    model = positions.whole_numbers(positions.conv(1))
    kernel, bias = model.get_weights()
    image = positions.pattern_at(9, 4)
    by_hand = correlate2d(image[0, ..., 0], kernel[..., 0, 0], "same") + bias
    got = positions.seen(model, 9, 4)[0, ..., 0]
    np.testing.assert_array_equal(got, np.maximum(by_hand, 0))


def test_what_stays_the_same_to_the_last_bit():
    finding = positions.output_stays(RecordingLab(NAME))
    assert list(finding.conditions.values()) == [False, True, True, False, False]
    assert finding.numbers["equivariant"] == 0
    assert finding.numbers["edge"] > 0


@pytest.mark.parametrize(("kept", "verdict"), [(1.0, "supported"), (0.5, "refuted")])
def test_recognition_anywhere_can_be_judged_either_way(monkeypatch, kept, verdict):
    lab = RecordingLab(NAME)
    noise_ = 0.01 * np.sin(np.arange(10))
    rows = np.stack([0.9 + noise_, *[kept * (0.9 + noise_ + 0.001)] * 4], 1)
    found = dict.fromkeys(positions.NETWORKS, rows)
    monkeypatch.setattr(positions, "by_shift", lambda lab: found)
    assert judged(positions.recognized_where_never_seen, lab)["verdict"] == verdict


# Pooling -------------------------------------------------------------------------


def test_networks_differ_in_their_pooling_alone():
    counts = {
        pooling: poolings.pooled_network((16, 16, 1), 10, pooling).count_params()
        for pooling in small_changes.POOLINGS
    }
    # 8 filters of 3×3 and 16 of 3×3×8 with biases; 16 maps of 4×4, or of 16×16.
    filters = 10 * 8 + 73 * 16
    assert counts.pop("none") == filters + (16 * 16 * 16 + 1) * 10
    assert set(counts.values()) == {filters + (4 * 4 * 16 + 1) * 10}
    one = small_changes.POOLINGS["one of four"]()
    x = RNG.random((2, 4, 4, 3)).astype("float32")
    kept = keras.ops.convert_to_numpy(one(x))
    np.testing.assert_array_equal(kept, x[:, ::2, ::2])


def test_summaries_by_hand():
    maps = np.arange(16.0).reshape(1, 4, 4, 1)
    expected = {
        "none": np.arange(16.0),
        "one of 4": [0, 2, 8, 10],
        "max 2×2": [5, 7, 13, 15],
        "average 2×2": [2.5, 4.5, 10.5, 12.5],
        "max 4×4": [15],
        "average 4×4": [7.5],
    }
    assert set(expected) == set(small_changes.SUMMARIES)
    for name, values in expected.items():
        np.testing.assert_array_equal(small_changes.summary(maps, name)[0], values)


def test_change_is_a_share_of_size_and_of_distance():
    before = np.array([[3.0, 4.0], [3.0, 4.0 + 2.0]])
    after = before + [[1.0, 0.0]]
    of_size, of_distance = small_changes.change_shares(before, after)
    assert of_size == pytest.approx(1 / ((5 + 45**0.5) / 2))
    assert of_distance == pytest.approx(1 / 2)


def test_moments_of_the_largest_of_four():
    mean, variance = noise.moments("max", np.zeros(4))
    # Known order statistics of the normal distribution.
    assert mean == pytest.approx(1.02938, abs=1e-5)
    assert variance == pytest.approx(0.49172, abs=1e-4)
    drawn = np.random.default_rng(1).normal([2, 0, 0, 0], 1, (200_000, 4)).max(1)
    mean, variance = noise.moments("max", [2, 0, 0, 0])
    assert mean == pytest.approx(drawn.mean(), abs=0.01)
    assert variance == pytest.approx(drawn.var(), abs=0.02)


@pytest.mark.parametrize(
    ("kind", "place", "signal", "expected"),
    [
        ("max", "one pixel", 4, 3.46),
        ("average", "one pixel", 4, 2.0),
        ("max", "all four", 4, 5.70),
        ("average", "all four", 4, 8.0),
        ("max", "one pixel", 2, 1.37),
        ("average", "one pixel", 2, 1.0),
        ("max", "all four", 2, 2.85),
        ("average", "all four", 2, 4.0),
        ("one of four", "all four", 2, 2.0),
        # Half of the variance: 1 of noise; and 1 with 16·(1/4)(3/4) of the place.
        ("one of four", "one pixel", 4, 1 / ((1 + 4) / 2) ** 0.5),
    ],
)
def test_detectability(kind, place, signal, expected):
    found = noise.detectability(kind, place, signal)
    assert found == pytest.approx(expected, abs=0.01)


def test_test_loss_where_training_loss_passes_the_target():
    training, held_out = [1.0, 0.5, 0.1, 0.01], [2.0, 0.8, 0.4, 9.0]
    assert pooled_fit.when_passed(0.2, training, held_out) == pytest.approx(0.5)
    assert np.isnan(pooled_fit.when_passed(0.2, [1.0, 0.9], [1.0, 0.9]))
    assert pooled_fit.decide(np.array([1.0, np.nan]), np.ones(2)) is None


def test_a_fifth_of_the_labels_is_wrong():
    labels = RNG.integers(0, 10, 300).astype("int32")
    wrong = poolings.mislabeled(labels, 10, 3)
    assert (wrong != labels).sum() == 60
    assert wrong.min() >= 0
    assert wrong.max() <= 9
    assert wrong.dtype == labels.dtype


@pytest.mark.parametrize(
    ("pooled", "plain", "verdict"),
    [(0.3, 0.4, "supported"), (0.4, 0.3, "refuted")],
)
def test_overfitting_can_be_judged_either_way(monkeypatch, pooled, plain, verdict):
    small = np.exp(0.01 * np.random.default_rng(0).standard_normal(10))
    losses = {"max": pooled * small, "average": pooled * small[::-1]}
    losses |= {"none": plain * small**2, "one of four": plain * small**3}
    found = dict.fromkeys(("clean", "wrong"), losses)
    monkeypatch.setattr(pooled_fit, "at_target", lambda lab: found)
    monkeypatch.setattr(pooled_fit, "LABELS", {})  # no table
    assert judged(pooled_fit.overfits_less, RecordingLab(NAME))["verdict"] == verdict


# By hand: what a change takes is the accuracy as they are less that after the change.
# Here max pooling loses 2 points of 90, average 3, no pooling and one of four 5.
TAKEN = {"max": 0.02, "average": 0.03, "none": 0.05, "one of four": 0.05}


def made_up_accuracy(taken):
    def accuracy(lab, pooling, change="as they are"):
        wobble = 0.001 * np.random.default_rng(len(pooling)).standard_normal(10)
        return 0.9 - (taken[pooling] + wobble) * (change != "as they are")

    return accuracy


@pytest.mark.parametrize(
    ("taken", "verdict"),
    [
        (TAKEN, "supported"),
        ({**TAKEN, "average": 0.05}, "supported"),  # the notes say "can": one is enough
        (dict.fromkeys(TAKEN, 0.05), "refuted"),
    ],
)
def test_small_changes_are_measured_of_both_poolings(monkeypatch, taken, verdict):
    monkeypatch.setattr(small_changes, "accuracy", made_up_accuracy(taken))
    monkeypatch.setattr(small_changes, "shares", lambda lab: made_up_shares())
    found = judged(small_changes.recognized_regardless, RecordingLab(NAME))
    assert found["verdict"] == verdict
    assert len(found["decisions"]) == 6  # position, orientation and scale, of both
    for name, decision in found["decisions"].items():
        gained = taken["none"] - taken["max" if "max" in name else "average"]
        assert decision["effect"] == pytest.approx(gained, abs=0.001)


def made_up_shares(**moved):
    """All features move by 22 % of their size, those behind some pooling by less."""
    wobble = np.exp(0.001 * np.random.default_rng(0).standard_normal((2, 10)))
    return {
        (change, name): moved.get(name.split()[0], 0.22) * wobble
        for change in small_changes.CHANGES
        for name in small_changes.SUMMARIES
    }


@pytest.mark.parametrize(
    ("largest", "mean", "verdict"),
    [
        (0.18, 0.19, "supported"),
        (0.18, 0.21, "conditional"),  # 0.22/0.21 is less than a tenth
        (0.22, 0.21, "refuted"),
    ],
)
def test_features_must_move_less(monkeypatch, largest, mean, verdict):
    shares = made_up_shares(max=largest, average=mean)
    runs = {kind: [{"learning_rate": 0.003}] for kind in small_changes.POOLINGS}
    monkeypatch.setattr(small_changes, "accuracy", made_up_accuracy(TAKEN))
    monkeypatch.setattr(small_changes, "shares", lambda lab: shares)
    monkeypatch.setattr(small_changes, "pooled", lambda lab: runs)
    found = judged(small_changes.small_shifts, RecordingLab(NAME))
    assert found["verdict"] == verdict
    effects = [decision["effect"] for decision in found["decisions"].values()]
    assert effects == pytest.approx([0.22 / largest, 0.22 / mean])


# Layers --------------------------------------------------------------------------


def test_probes_find_what_is_linear_and_nothing_else():
    x = RNG.standard_normal((300, 5))
    linear = x @ [[1.0], [2.0], [0.0], [0.0], [-1.0]] + 3
    other = RNG.standard_normal((300, 1))
    targets = np.split(np.hstack([linear, other]), 3)
    seen = looking.probe(np.split(x, 3), targets)
    # The least penalty, 1, shrinks weights by about 1 % of 100 rows.
    shrunk = seen[:, 0] - targets[2][:, 0]
    assert shrunk.std() < 0.02 * linear.std()
    left = seen[:, 1] - targets[2][:, 1]
    assert left.var() > 0.8 * targets[2][:, 1].var()


def test_a_probe_is_ridge_regression():
    from sklearn.linear_model import Ridge

    x, y = RNG.standard_normal((60, 8)), RNG.standard_normal((60, 1))
    x -= x[:20].mean(0)
    x /= x[:20].std(0)
    parts, targets = np.split(x, 3), np.split(y, 3)
    rivals = [Ridge(alpha).fit(parts[0], targets[0][:, 0]) for alpha in looking.RIDGES]
    errors = [np.mean((m.predict(parts[1]) - targets[1][:, 0]) ** 2) for m in rivals]
    expected = rivals[int(np.argmin(errors))].predict(parts[2])
    seen = looking.probe(parts, targets)[:, 0]
    np.testing.assert_allclose(seen, expected, atol=1e-4)


def test_an_edge_is_right_less_left():
    image = np.zeros((1, 16, 16, 1))
    image[0, 6:10, 8:10] = 0.75
    image[0, 6:10, 6:8] = 0.25
    image[0, :6] = image[0, 10:] = image[0, :, :6] = image[0, :, 10:] = 5.0
    assert looking.local_edge(image) == pytest.approx([0.5])


def test_orientation_and_edges_of_known_filters():
    rows, columns = np.indices((7, 7)) - 3.0
    stripes = np.cos(2 * np.pi * 0.3 * columns)[..., None]
    round_ = np.exp(-(rows**2 + columns**2) / 2)[..., None]
    assert looking.orientation(stripes) > 0.4 > 0.1 > looking.orientation(round_)
    assert looking.edge_share((2 * rows - columns + 5)[..., None]) == pytest.approx(1)
    assert looking.edge_share(stripes) == pytest.approx(0, abs=1e-9)
    # Two directions of 48 hold as much as any others of white noise.
    white = RNG.standard_normal((7, 7, 20_000))
    assert looking.edge_share(white) == pytest.approx(2 / 48, rel=0.02)


def test_units_prefer_the_stripes_that_their_filter_passes():
    model = looking.three_blocks((16, 16, 1), 10, 3)
    kernel, bias = np.zeros((3, 3, 1, 8)), np.zeros(8)
    kernel[1, 1:, 0, 0] = 1, -1  # neighbors differ most in the finest stripes
    kernel[:, :, 0, 1:4] = 1 / 9  # a mean passes the coarsest
    model.get_layer("conv_1").set_weights([kernel, bias])
    drawn = looking.stripes().reshape(-1, 16, 16, 1)
    first = looking.preferred_periods(looking.outputs_of(model, drawn)["conv"])[0]
    assert len(first) == 4  # four units that are 0 everywhere are left out
    assert first[0] == 2
    assert min(first[1:]) >= 12


def test_scales_can_be_judged_either_way(monkeypatch):
    def verdict(deep, large, beside):
        rng = np.random.default_rng(0)
        found = {}
        for side, first in ((scales.SMALL, 4.0), (scales.LARGE, large)):
            rows = []
            for _ in range(10):
                noise_ = np.exp(0.01 * rng.standard_normal(3))
                units = [[p * n, p * n * beside] for p, n in
                         zip((first, 6.0, deep), noise_, strict=True)]  # fmt: skip
                rows.append(units)
            found[side, "learned"] = found[side, "random"] = rows
        monkeypatch.setattr(scales, "preferred", lambda lab: found)
        return judged(scales.scales_differ, RecordingLab(NAME))["verdict"]

    assert verdict(8.0, 6.0, 3.0) == "supported"
    assert verdict(4.0, 4.0, 1.1) == "refuted"


@pytest.mark.parametrize(
    ("classes", "verdict"),
    [
        ([0.1, 0.2, 0.3], "supported"),
        ([0.0, 0.0, 0.0], "refuted"),
        ([0.0, -0.1, -0.2], "refuted"),
    ],
)
def test_objects_must_be_learned(monkeypatch, classes, verdict):
    """Random filters also give a class ever better."""
    rng = np.random.default_rng(0)
    random = {"classes": np.array([0.5, 0.6, 0.6]), "edge": np.array([0.9, 0.8, 0.7])}
    learned = {**random, "classes": random["classes"] + classes}
    values = {"learned": learned, "random": {**random, "pixels": np.array([0.9, 1.0])}}

    def seen_of(lab, side, which, name):
        mean = values[which][name]
        return mean + 0.001 * rng.standard_normal((10, len(mean)))

    runs = {side: [{"accuracy": 0.9}] for side in hierarchy.KERNELS}
    monkeypatch.setattr(hierarchy, "looks", lambda lab: runs)
    monkeypatch.setattr(hierarchy, "seen_of", seen_of)
    found = judged(hierarchy.deeper_layers_see_objects, RecordingLab(NAME))
    assert found["verdict"] == verdict


@pytest.mark.parametrize(("gain", "verdict"), [(1.2, "supported"), (1.05, "refuted")])
def test_filters_must_become_more_of_an_edge(monkeypatch, gain, verdict):
    """The mean ratio of what is an edge after and before, against a tenth."""
    wobble = np.exp(0.001 * np.random.default_rng(0).standard_normal(10))

    def seen_of(lab, side, which, name):
        return 0.2 * gain * wobble if which == "learned" else np.full(10, 0.2)

    monkeypatch.setattr(hierarchy, "seen_of", seen_of)
    found = judged(hierarchy.filters_become_edges, RecordingLab(NAME))
    assert found["verdict"] == verdict
    for decision in found["decisions"].values():
        assert decision["effect"] == pytest.approx(gain, rel=0.002)


# Weights -------------------------------------------------------------------------


def test_scrambling_moves_the_pixels_of_all_images_alike():
    images = RNG.random((5, 8, 8, 1)).astype("float32")
    mixed = scrambled.scrambled(images, 3)
    assert not np.array_equal(mixed, images)
    for before, after in zip(images, mixed, strict=True):
        np.testing.assert_array_equal(np.sort(before.ravel()), np.sort(after.ravel()))
    marks = np.broadcast_to(np.arange(64.0).reshape(1, 8, 8, 1), (5, 8, 8, 1))
    order = scrambled.scrambled(marks, 3).reshape(5, 64)
    assert (order == order[0]).all()
    np.testing.assert_array_equal(scrambled.scrambled(images, 3), mixed)


def test_both_rivals_have_equally_many_weights():
    counts = {
        kind: scrambled.either((8, 8, 1), 10, **arguments).count_params()
        for kind, arguments in scrambled.NETWORKS.items()
    }
    # 16 of 3×3, 32 of 3×3×16, 2×2×32 to 10; and 64 to 81 to 10.
    assert counts["CNN"] == (9 + 1) * 16 + (9 * 16 + 1) * 32 + (128 + 1) * 10
    assert counts["MLP"] == (64 + 1) * 81 + (81 + 1) * 10


def test_the_advantage_must_go_when_pixels_are_scrambled(monkeypatch):
    def verdict(gain, gain_scrambled):
        base = 0.9 + 0.002 * np.random.default_rng(0).standard_normal(10)
        add = {"as they are": gain, "scrambled": gain_scrambled}

        def right(lab, kind, pixels, rows):
            small = 0.001 * np.random.default_rng(rows).standard_normal(10)
            return base + (add[pixels] + small) * (kind == "CNN")

        monkeypatch.setattr(scrambled, "right", right)
        monkeypatch.setattr(scrambled, "duels", lambda lab: {})
        claims = (scrambled.better_than_dense, scrambled.local_features)
        return [judged(of, RecordingLab(NAME))["verdict"] for of in claims]

    assert verdict(0.05, -0.01) == ["supported", "supported"]
    assert verdict(0.05, 0.05) == ["supported", "refuted"]
    assert verdict(-0.01, -0.05) == ["refuted", "supported"]
    assert verdict(0.0, 0.0) == ["refuted", "refuted"]


def test_unshared_filters_start_as_the_convolution():
    local = weighted.blocks((8, 8, 1), 10, "local")
    shared = weighted.blocks((8, 8, 1), 10, "shared")
    weights = weighted.as_a_convolution(local)
    local.set_weights(weights)
    shared.set_weights(
        [w[0, 0] if w.ndim in (3, 6) else w for w in local.get_weights()]
    )
    x = RNG.random((4, 8, 8, 1)).astype("float32")
    one, other = (np.asarray(m.predict_on_batch(x)) for m in (local, shared))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_parameters_of_each_kind_by_hand():
    counts = sharing.parameters(RecordingLab(NAME), sharing.MANY)
    top = 2 * 2 * 16 * 10 + 10
    assert counts["shared"] == (9 + 1) * 8 + (9 * 8 + 1) * 16 + top
    assert counts["local"] == 64 * (9 + 1) * 8 + 16 * (9 * 8 + 1) * 16 + top
    assert counts["dense"] == (64 + 1) * 512 + (128 + 1) * 256 + top


def test_images_are_placed_whole_and_anywhere():
    images = RNG.random((400, 8, 8, 1)).astype("float32") + 1
    placed = weighted.placed(images, 2, [1, 2])
    assert placed.shape == (400, 12, 12, 1)
    np.testing.assert_allclose(placed.sum((1, 2)), images.sum((1, 2)), rtol=1e-5)
    tops = (placed[..., 0].sum(2) > 0).argmax(1)
    assert set(tops) == {0, 1, 2, 3, 4}
    top, left = tops[7], (placed[7, ..., 0].sum(0) > 0).argmax()
    np.testing.assert_array_equal(placed[7, top : top + 8, left : left + 8], images[7])


@pytest.mark.parametrize(
    ("function", "better"),
    [
        (sharing.sharing_generalizes, "shared"),
        (patches.locality_overfits_less, "local"),
    ],
)
@pytest.mark.parametrize(("gain", "verdict"), [(0.05, "supported"), (0.0, "refuted")])
def test_weights_can_be_judged_either_way(monkeypatch, function, better, gain, verdict):
    rng = np.random.default_rng(0)

    def run(kind):
        right = 0.9 + 0.002 * rng.standard_normal() + gain * (kind == better)
        shown = {"training_loss": 0.1, "held_out_loss": 0.2, "learning_rate": 0.1}
        return {"held_out_accuracy": right, **shown}

    found = {
        (kind, name): [run(kind) for _ in range(10)]
        for kind in weighted.KINDS
        for name in sharing.IMAGES
    }
    for module in (weighted, sharing, patches):
        monkeypatch.setattr(module, "kinds", lambda lab: found)
    assert judged(function, RecordingLab(NAME))["verdict"] == verdict


def test_updates_to_a_loss_are_read_between_epochs():
    # Epochs of 100 images have 4 updates; their means are those of the middles.
    assert weighted.updates_to(0.5, [1.0, 0.0], 100) == pytest.approx(4.0)
    assert weighted.updates_to(0.5, [0.4], 100) == 2
    assert weighted.updates_to(0.5, [1.0, 0.9], 100) is None


def test_multiply_adds_of_the_bottleneck():
    lab = RecordingLab(NAME)
    first, places = 8 * 8 * 9 * 16, 4 * 4
    by_hand = {
        "none": first + places * 9 * 16 * 32,
        "16 to 8": first + places * (16 * 8 + 9 * 8 * 32),
        "16 to 32": first + places * (16 * 32 + 9 * 32 * 32),
    }
    for kind, count in by_hand.items():
        assert bottleneck.multiply_adds(lab, kind) == count


def test_a_frozen_bottleneck_is_not_trained():
    model = bottleneck.with_pointwise((8, 8, 1), 10, "16 to 8, frozen")
    frozen = {v.path for v in model.non_trainable_variables}
    assert frozen
    assert all("pointwise_1" in path for path in frozen)
    assert not bottleneck.with_pointwise((8, 8, 1), 10, "16 to 8").non_trainable_weights


# Stuck ---------------------------------------------------------------------------


def test_a_cause_is_guilty_only_if_undoing_it_helps():
    shares = np.array([[0.0, 0.9], [0.3, 0.9], [0.0, 0.1]])  # with it, undone
    assert stuck.guilty(shares) == pytest.approx([0.1, -0.2, -0.4])


def test_zero_weights_never_move_and_new_ones_learn(digits):
    case = {"epochs": 15, **stuck.CAUSES["weights of 0"]}
    run = stuck.train(case, 0, digits)
    with_it, undone = 1 - np.array(run["ends"]) / np.log(10)
    assert with_it < 0.05
    assert undone > 0.3
    assert len(run["losses"]) == 30
    assert run == stuck.train(case, 0, digits)


@pytest.mark.parametrize(
    ("train", "case"),
    [
        (scrambled.train, {"kind": "CNN", "pixels": "scrambled", "rows": 100}),
        (weighted.train, {"kind": "local", "rows": 100, "moved": 2}),
        (bottleneck.train, {"kind": "16 to 8, frozen", "rows": 100}),
        (poolings.train, {"pooling": "max", "wrong_labels": True}),
        (looking.train, {"kernel_size": 3}),
        (positions.train, {"kind": "averaged", "rows": 100}),
    ],
)
def test_a_training_repeats_whatever_came_between(train, case, digits):
    case = {"epochs": 1, "learning_rate": 0.003, "judge": "test", **case}
    runs = []
    for other in (None, 9):
        if other:
            train(case, other, digits)
        runs.append(train(case, 5, digits))
    assert runs[0] == runs[1]
