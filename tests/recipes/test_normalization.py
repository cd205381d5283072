"""The normalization recipe: layers by hand, gradients by autodiff, and its settings."""

import keras
import numpy as np
import pytest
from keras import ops

from recipes.gradients.normalization import (
    Settings,
    batch_noise,
    depth,
    drift,
    layer_bias,
    linear_regime,
    modes,
    moments,
    scales,
    speed,
)
from recipes.gradients.normalization._by_hand import (
    backward,
    cross_entropy,
    draw_layers,
    forward,
    step,
)
from recipes.gradients.normalization._images import at_best, draw, network, train
from recipes.lab import UsageError, gradients
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab, judged


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


@pytest.mark.parametrize("setting", [{"epochs": 1}, {"rows": 99}, {"rows": 651}])
def test_settings_out_of_range(setting):
    with pytest.raises(UsageError, match=f"--{next(iter(setting))} must be"):
        Settings(**setting)


def test_variances_by_formula():
    """var/(var + ε): 0.0001 becomes 1/11, and 1 becomes 1/1.001."""
    assert moments.outputs(moments.batch(1e-4)).var(0) == pytest.approx(1 / 11, 1e-3)
    assert moments.outputs(moments.batch()).var(0) == pytest.approx(1 / 1.001, 1e-4)
    assert not moments.outputs(moments.batch(rows=1)).any()


def test_exact_claims():
    lab = RecordingLab("normalization")
    normal = judged(moments.mean_zero_variance_one, lab)
    assert normal["holds"] == ["inputs of variance 1", "inputs of variance 100"]
    assert judged(moments.two_a_feature, lab)["verdict"] == "supported"
    invariant = judged(moments.scale_cancels, lab)
    assert invariant["verdict"] == "supported"
    changes = invariant["numbers"]["largest_change"]
    assert changes["1000"] < 1e-2 < changes["0.01"]


@pytest.mark.parametrize(
    ("gamma", "expected"), [(1, 0.984), (2, 0.930), (4, 0.837), (8, 0.752)]
)
def test_straightness_by_random_draws(gamma, expected):
    z = np.random.default_rng(0).normal(size=200_000)
    drawn = np.corrcoef(z, 1 / (1 + np.exp(-gamma * z)))[0, 1] ** 2
    found = linear_regime.straightness(gamma)
    assert found == pytest.approx(drawn, abs=0.003)
    assert found == pytest.approx(expected, abs=1e-3)


def test_gamma_and_beta_undo_it():
    assert linear_regime.undone() < 1e-5


def test_a_bias_before_layer_normalization_is_nearly_undone_by_gamma_and_beta():
    assert 0 < layer_bias.share_that_cancels() < 0.1


def by_autodiff(layers, x, y, activation, jolts):
    """Loss and gradients of the same network with Keras's operations."""
    names = ("kernel", "gamma", "beta")

    def loss(values):
        z = ops.convert_to_tensor(x)
        for number in range(len(layers)):
            kernel, gamma, beta = values[3 * number : 3 * number + 3]
            z = ops.matmul(z, kernel)
            if number < len(layers) - 1:
                z = (z - ops.mean(z, 0)) / ops.sqrt(ops.var(z, 0) + 1e-3)
                if jolts is not None:
                    z = z * jolts[number][0] + jolts[number][1]
                z = getattr(ops, activation)(z * gamma + beta)
            else:
                z = z + beta
        losses = ops.sparse_categorical_crossentropy(y, z, from_logits=True)
        return ops.mean(losses)

    values = [layer[name] for layer in layers for name in names]
    # The last γ is not used, and a gradient must exist for each of the values.
    del values[-2]

    def with_all(given):
        return loss([*given[:-1], layers[-1]["gamma"], given[-1]])

    return gradients(with_all, values)


@pytest.mark.parametrize("jolted", [False, True])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_gradients_by_hand_are_those_of_autodiff(activation, jolted):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(12, 5)), rng.integers(3, size=12)
    layers = draw_layers([5, 6, 7, 3], 2)
    for layer in layers:
        layer["gamma"] = layer["gamma"] + rng.normal(size=layer["gamma"].shape) / 5
        layer["beta"] = rng.normal(size=layer["beta"].shape)
    jolts = [(rng.normal(1, 0.3, n), rng.normal(size=n)) for n in (6, 7)]
    jolts = jolts if jolted else None
    kept = forward(layers, x, normalize=True, activation=activation, jolts=jolts)
    ours = backward(layers, kept, y, normalize=True)
    expected = by_autodiff(layers, x, y, activation, jolts)
    found = [g[name] for g in ours for name in ("kernel", "gamma", "beta")]
    del found[-2]
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-10)


def test_without_normalization_a_small_step_lowers_the_loss_as_the_gradient_says():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(20, 4)), rng.integers(3, size=20)
    layers = draw_layers([4, 8, 3], 0)
    kept = forward(layers, x, normalize=False)
    found = backward(layers, kept, y, normalize=False)
    squares = sum(float((g**2).sum()) for one in found for g in one.values())
    after = forward(step(layers, found, 1e-5), x, normalize=False)
    before, now = (cross_entropy(k[-1]["output"], y) for k in (kept, after))
    assert (before - now) / 1e-5 == pytest.approx(squares, rel=1e-2)


def test_sigmoid_gradients_vanish_without_and_relu_gradients_grow_with():
    def ratio(start, normalize):
        found = depth.gradient_norms(start, 30, normalize, 0)
        return found[0] / found[-1]

    relu, sigmoid = depth.STARTS
    assert 0.1 < ratio(relu, False) < 10 < ratio(relu, True)
    assert ratio(sigmoid, False) < 1e-12
    assert 0.1 < ratio(sigmoid, True) < 10


def test_moments_and_drift_by_hand():
    before = [(np.zeros(2), np.eye(2)), (np.ones(1), np.array([[4.0]]))]
    after = [(np.array([1.0, 1.0]), np.eye(2)), (np.ones(1), np.array([[6.0]]))]
    mean, covariance = drift.drift_of_step(before, after)
    assert mean == pytest.approx((1 + 0) / 2)  # √2 over √(1 + 1), and 0
    assert covariance == pytest.approx((0 + 0.5) / 2)


def test_gradients_of_upper_layers_do_not_change_at_rate_zero():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(20, 4)), rng.integers(3, size=20)
    layers = draw_layers([4, 8, 8, 3], 0)
    how = {"normalize": True, "jolts": None}
    found = backward(layers, forward(layers, x, **how), y, normalize=True)
    assert drift.change_of_gradients(layers, found, x, y, 0.0, **how) == 0
    assert drift.change_of_gradients(layers, found, x, y, 0.1, **how) > 0


def test_epochs_to_the_goal():
    assert speed.epochs_to_goal([1.0, 0.01]) == pytest.approx(1.5)
    assert speed.epochs_to_goal([0.05, 0.01]) == 1
    assert speed.epochs_to_goal([1.0, 0.9, 0.8]) == 4
    assert scales.epochs_to_learn([0.5, 0.9, 0.95]) == 2
    assert scales.epochs_to_learn([0.5, 0.8]) == 3


def test_gaps_between_epochs():
    runs = [{"training_loss": [0.3, 0.0], "held_out_loss": [0.4, 0.4]}]
    # The level of 0.1 lies at two thirds of the way from 0.3 to 0; the gap there is
    # 0.1 + 2/3 · 0.3.
    assert batch_noise.gaps_at_level(runs) == pytest.approx([0.3])
    never = [{"training_loss": [0.3, 0.2], "held_out_loss": [0.4, 0.4]}]
    assert batch_noise.gaps_at_level(never) is None


def test_batch_normalization_is_judged_against_none_and_its_noise_apart(monkeypatch):
    wobble = np.linspace(-1e-3, 1e-3, 10)

    def runs(gap):
        return [
            {"training_loss": [0.1], "held_out_loss": [0.1 + gap + off],
             "learning_rate": 0.1}
            for off in wobble
        ]  # fmt: skip

    gaps = {"noisy": 0.1, "reference": 0.1, "none": 0.15}
    found = {
        f"batches of {size}, {way}": runs(gap)
        for size in batch_noise.SIZES
        for way, gap in gaps.items()
    }
    found["batches of 8, none"][3]["training_loss"] = [0.2]  # not down to the level
    monkeypatch.setattr(batch_noise, "trainings", lambda lab: found)
    lab = RecordingLab("normalization")
    effect, noise = (
        judged(claim, lab)
        for claim in (batch_noise.gap_is_narrowed, batch_noise.noise_narrows_the_gap)
    )
    assert (len(effect["holds"]), len(effect["undecided"])) == (2, 1)
    decided = effect["decisions"][effect["holds"][0]]
    assert decided["effect"] == pytest.approx(0.05)
    assert noise["verdict"] == "refuted"


def test_less_drift_is_not_the_only_reason_where_more_drift_is_still_faster(
    monkeypatch,
):
    def verdict(losses):
        found = {
            way: [
                {"loss": loss + 1e-3 * (seed * place % 5 - 2), "mean": 1.0}
                for seed in range(10)
            ]
            for place, (way, loss) in enumerate(zip(drift.WAYS, losses, strict=True))
        }
        monkeypatch.setattr(drift, "trainings", lambda lab: found)
        return judged(drift.drift_put_back, RecordingLab("normalization"))

    found = verdict((0.5, 0.1, 0.3))
    assert found["verdict"] == "supported"
    assert found["numbers"]["back"] == pytest.approx(0.5, abs=0.01)
    assert verdict((0.5, 0.1, 0.5))["verdict"] == "refuted"


def test_without_normalization_no_image_meets_another():
    x = np.random.default_rng(8).random((6, 2, 2, 1)).astype("float32")
    model = batch_noise.two_streams((2, 2, 1), 3, [4], 0, normalize=False)
    weights = batch_noise.start_of(model, 0, None)
    model.set_weights(weights)
    first, bias, last, _ = weights
    assert not bias.any()
    found = ops.convert_to_numpy(model(x, training=True))
    expected = np.maximum(x.reshape(6, 4) @ first, 0) @ last
    assert found == pytest.approx(expected, abs=1e-5)


def test_the_reference_batch_has_no_noise():
    """Images don't meet each other; with usual normalization they do."""
    x = np.random.default_rng(5).random((6, 2, 2, 1)).astype("float32")
    for rows, alone in ((8, True), (0, False)):
        model = batch_noise.two_streams((2, 2, 1), 3, [4], rows)
        reference = np.random.default_rng(6).random((8, 4))
        model.set_weights(batch_noise.start_of(model, 0, reference))
        whole = ops.convert_to_numpy(model(x, training=True))
        part = ops.convert_to_numpy(model(x[:2], training=True))
        assert (np.abs(whole[:2] - part).max() < 1e-5) == alone
    # By hand: the moments are those of the reference behind the same kernel.
    model = batch_noise.two_streams((2, 2, 1), 3, [4], 8)
    weights = batch_noise.start_of(model, 0, reference)
    model.set_weights(weights)
    kernel = next(w for w in weights if w.shape == (4, 4))
    seen, flat = reference @ kernel, x.reshape(6, 4) @ kernel
    hidden = np.maximum((flat - seen.mean(0)) / np.sqrt(seen.var(0) + 1e-3), 0)
    last = next(w for w in weights if w.shape == (4, 3))
    found = ops.convert_to_numpy(model(x, training=False))
    assert found == pytest.approx(hidden @ last, abs=1e-4)


def test_images_are_drawn_apart(digits):
    parts = draw(digits, 3, 500)
    assert [len(x) for x, _ in parts] == [500, 250, 797]
    rows = [{x.tobytes() for x in images} for images, _ in parts]
    # Two equal images would count once; there are hardly any among the digits.
    assert len(rows[0] & rows[1]) <= 1
    assert len(rows[0] & rows[2]) <= 1
    other = draw(digits, 4, 500)
    assert (parts[2][0] == other[2][0]).all()
    assert (parts[0][0] != other[0][0]).any()


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        ({}, ["Dense", "BatchNormalization", "Activation"] * 2),
        ({"place": "behind"}, ["Dense", "Activation", "BatchNormalization"] * 2),
        (
            {"place": "first", "kind": "layer"},
            ["Dense", "LayerNormalization", "Activation", "Dense", "Activation"],
        ),
        ({"place": None}, ["Dense", "Activation"] * 2),
    ],
)
def test_normalization_stands_where_it_is_wanted(settings, kinds):
    model = network((8, 8, 1), 10, **settings)
    found = [type(layer).__name__ for layer in model.layers]
    assert found == ["InputLayer", "Flatten", *kinds, "Dense"]


def test_weights_have_the_scale_that_was_asked_for():
    keras.utils.set_random_seed(0)
    model = network((400,), 10, (400,), place=None, weights_times=10.0)
    spread = np.std(model.get_weights()[0])
    assert spread == pytest.approx(10 * np.sqrt(2 / 400), rel=0.02)


def test_rates_are_chosen_on_validation_and_judged_on_the_test(digits):
    lab = RecordingLab("normalization", seeds=2)
    case = {"network": {"units": [8]}, "batch_size": 32, "epochs": 1, "rows": 100}
    found = at_best(
        lab, train, {"one": case}, (0.1, 1e-6), lambda r: r["held_out_loss"][0]
    )
    (_, tuned, seeds), (_, chosen, judged_on) = lab.sweeps
    assert {one["judge"] for one in tuned.values()} == {"validation"}
    assert chosen["one"]["judge"] == "test"
    assert not set(seeds) & set(judged_on)
    assert found["one"][0]["learning_rate"] == chosen["one"]["learning_rate"] == 0.1


def test_moving_averages_lag_and_are_measured_anew(digits):
    case = {"momentum": 0.99, "epochs": 2, "rows": 300}
    found = modes.train_and_measure_anew(case, 0, digits)
    assert found["measured_anew"] > found["accuracy"][-1] + 0.05


@pytest.mark.parametrize(
    ("alone", "put_back", "slower", "lost"),
    [
        (0.1, 0.3, "more slowly", "alone: 50% of the gain is lost with"),
        (0.3, 0.2, "no more slowly", "alone: -50% of the gain is lost with"),
        (0.6, 0.7, "more slowly", "alone: it gains nothing."),
    ],
)
def test_what_drift_costs_is_told_as_it_was_found(
    monkeypatch, alone, put_back, slower, lost
):
    drifts = (0.4, 0.2, 0.1)
    runs = {
        way: [{"loss": loss + seed / 100, "losses": [loss] * 12, "mean": drift}
              for seed in range(3)]
        for way, loss, drift in zip(
            drift.WAYS, (0.5, alone, put_back), drifts, strict=True
        )
    }  # fmt: skip
    monkeypatch.setattr(drift, "trainings", lambda lab: runs)
    lab = RecordingLab("normalization")
    assert lost in judged(drift.drift_put_back, lab)["note"]
    drift.draw_trainings(lab)
    left, right = lab.figures["drift"][0].axes
    assert left.get_title(loc="left").endswith(f"trains {slower}")
    assert right.get_title(loc="left").endswith("least: normalized, drift put back")


def test_a_title_says_what_normalization_does_to_gradients(monkeypatch):
    """Made-up gradients of the first layer; those of the last are 1."""
    for times, told in (
        ({"with": 100.0, "without": 0.1}, ("does not save", "lets")),
        ({"with": 100.0, "without": 1e-9}, ("saves", "lets")),
        ({"with": 2.0, "without": 5.0}, ("saves", "does not let")),
        ({"with": 0.1, "without": 0.5}, ("does not save", "does not let")),
    ):
        found = {
            f"{start}, {depth.DEPTHS[-1]} layers, {way}": np.array([[value, 1.0]] * 2)
            for start in depth.STARTS
            for way, value in times.items()
        }
        monkeypatch.setattr(depth, "norms", lambda lab, found=found: found)
        saves, lets = told
        said = depth.what_it_does(RecordingLab("normalization"))
        assert f"Normalization {saves} the" in said
        assert f"and {lets} ReLU's" in said
