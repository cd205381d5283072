"""What the clipping callbacks must hold, on every backend."""

import pickle

import keras
import numpy as np
import pytest
from keras import layers, ops

from callbacks import (
    AdaptiveGradientClipping,
    AutoClip,
    GradientClipping,
    GradientNorms,
)
from callbacks.clipping.adaptive import clip_units
from callbacks.clipping.auto_clip import percentile
from callbacks.clipping.rules import by_global_norm
from callbacks.in_step.norms import global_norm
from tests.callbacks.helpers import (
    TARGETS,
    KeepWeights,
    assert_same,
    assert_untouched,
    data,
    dense,
    embedding,
    everything,
    fit,
    noisy,
    numpy,
    on,
    slow_on,
)

BACKEND = keras.backend.backend()
RATE = 0.5


def _steps(callback, *others, optimizer=None, rows=40, **compiled):
    """Trains with SGD; returns logs and the joint norm of each update's step."""
    model, kept = dense(optimizer, **compiled), KeepWeights()
    history = fit(model, *data(rows), kept, callback, *others)
    assert_untouched(model, len(model.optimizer.variables))
    return history, np.sqrt(np.square(kept.changes()).sum(1)) / RATE


def test_norm_is_what_keras_does():
    ends = []
    for limit, callbacks in ((0.4, []), (None, [GradientClipping(0.4)])):
        model = dense(keras.optimizers.SGD(RATE, global_clipnorm=limit))
        history = fit(model, *data(), *callbacks)
        ends.append(everything(model))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    assert 0 < history["clip_share"][0] <= 1


def test_norm_before_and_after():
    norms = GradientNorms()
    _steps(norms)
    limit = float(np.median(norms.table.global_norms))
    history, steps = _steps(GradientClipping(norm=limit), norms)
    before = norms.table.global_norms
    assert before.max() > limit > before.min()
    np.testing.assert_allclose(steps, np.minimum(before, limit), rtol=1e-5)
    np.testing.assert_allclose(history["clip_norm_before"], before.mean(), rtol=1e-5)
    np.testing.assert_allclose(history["clip_norm_after"], steps.mean(), rtol=1e-5)
    np.testing.assert_allclose(history["clip_share"], (before > limit).mean())
    np.testing.assert_allclose(history["clip_limit"], limit, rtol=1e-6)


@pytest.mark.parametrize("size", [1e-25, 1e-15, 1.0, 1e25])
def test_norms_whose_squares_leave_float32(size):
    """3, 4 and 12 times a size have a joint norm of 13 times the size."""
    gradients = [ops.array([3 * size, -4 * size]), ops.array([[12 * size]])]
    clipped = by_global_norm(gradients, ops.array(6.5 * size))
    np.testing.assert_allclose(float(clipped.before), 13 * size, rtol=1e-5)
    np.testing.assert_allclose(float(clipped.after), 6.5 * size, rtol=1e-5)
    np.testing.assert_allclose(numpy(clipped.gradients[1]), [[6 * size]], rtol=1e-5)
    assert float(clipped.share) == 1


@pytest.mark.parametrize("xla", [False, True])
def test_norms_of_many_entries(xla):
    if xla and BACKEND != "tensorflow":
        pytest.skip("a way that is taken where TensorFlow compiles with XLA")
    entries = np.random.default_rng(0).normal(size=(150, 160)).astype("float32")

    def joint(large, small):
        return global_norm([large, small])

    if xla:
        import tensorflow as tf

        joint = tf.function(joint, jit_compile=True)
    found = float(joint(ops.array(entries), ops.array([30.0])))
    expected = np.sqrt(np.square(entries.astype(float)).sum() + 900)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_high_limit_changes_no_bit():
    runs = []
    clippers = [
        GradientClipping(norm=1e6),
        GradientClipping(per_variable=1e6, name="each"),
        GradientClipping(value=1e6, name="value"),
        AutoClip(100.0),
    ]
    for callbacks in ([], clippers):
        model = noisy()
        fit(model, *data(), *callbacks, epochs=2)
        runs.append(everything(model))
    if BACKEND == "jax":
        # XLA fuses the product with 1.0 into what follows, which moves last bits.
        for one, other in zip(*runs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    else:
        assert_same(*runs)


def test_per_variable():
    model, kept, norms = dense(), KeepWeights(), GradientNorms()
    clipping = GradientClipping(per_variable=0.2)
    history = fit(model, *data(), kept, norms, clipping)
    steps, before = kept.changes() / RATE, norms.table.norms
    np.testing.assert_allclose(steps, np.minimum(before, 0.2), rtol=1e-4)
    np.testing.assert_allclose(history["clip_part"], (before > 0.2).mean(), rtol=1e-6)


def test_value():
    ends = []
    for limit, callbacks in ((0.05, []), (None, [GradientClipping(value=0.05)])):
        model = dense(keras.optimizers.SGD(RATE, clipvalue=limit))
        history = fit(model, *data(), *callbacks)
        ends.append(everything(model))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    assert 0 < history["clip_part"][0] < 1
    assert history["clip_norm_after"] < history["clip_norm_before"]


def test_a_limit_that_moves():
    limits = [0.3, 0.1, 0.6]
    traced = []

    class Model(keras.Model):
        def compute_loss(self, *arguments, **named):
            traced.append(1)
            return super().compute_loss(*arguments, **named)

    keras.utils.set_random_seed(0)
    inputs = layers.Input((5,))
    model = Model(inputs, layers.Dense(1)(inputs))
    model.compile(keras.optimizers.SGD(RATE), "mse")
    kept = KeepWeights()
    clipping = GradientClipping(norm=lambda epoch: limits[epoch])
    history = fit(model, *data(8), kept, clipping, epochs=3)
    np.testing.assert_allclose(history["clip_limit"], limits, rtol=1e-6)
    steps = np.sqrt(np.square(kept.changes()).sum(1)) / RATE
    assert (steps <= np.repeat(limits, 2) * (1 + 1e-5)).all()
    np.testing.assert_allclose(steps[2:4], 0.1, rtol=1e-5)
    if BACKEND != "torch":
        seen = len(traced)
        fit(model, *data(8), clipping, epochs=3)
        # The second fit traces its step once, however the limit moves.
        assert len(traced) - seen <= 2


def test_a_schedule_of_the_iterations():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.3, 0.1])
    _, steps = _steps(GradientClipping(norm=schedule), rows=24)
    np.testing.assert_allclose(steps[:3], 0.3, rtol=1e-5)
    np.testing.assert_allclose(steps[3:], 0.1, rtol=1e-5)


def test_accumulated_gradients_are_clipped():
    optimizer = keras.optimizers.SGD(RATE, gradient_accumulation_steps=4)
    norms = GradientNorms(stage="update")
    history, steps = _steps(norms, GradientClipping(0.1), optimizer=optimizer, rows=48)
    np.testing.assert_allclose(steps[3::4], 0.1, rtol=1e-5)
    assert (np.delete(steps, np.s_[3::4]) == 0).all()
    np.testing.assert_allclose(
        history["clip_norm_before"], norms.table.global_norms.mean(), rtol=1e-5
    )


def test_scaled_losses_are_clipped_unscaled():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(RATE), 2.0**8)
    history, steps = _steps(GradientClipping(0.3), optimizer=optimizer)
    assert (steps <= 0.3 * (1 + 1e-4)).all()
    assert history["clip_norm_before"][0] < 100


def test_callbacks_act_in_their_order():
    first = GradientNorms(stage="update", name="first")
    middle = GradientNorms(stage="update", name="middle")
    last = GradientNorms(stage="update", name="last")
    raw = GradientNorms()
    model = dense()
    fit(
        model,
        *data(),
        first,
        GradientClipping(value=0.1, name="entries"),
        middle,
        GradientClipping(norm=0.2),
        last,
        raw,
    )
    tables = [norms.table.global_norms for norms in (first, middle, last, raw)]
    np.testing.assert_allclose(tables[0], tables[3], rtol=1e-6)
    assert (tables[1] < tables[0]).all()
    np.testing.assert_allclose(tables[2], np.minimum(tables[1], 0.2), rtol=1e-5)


def test_equal_names_are_refused():
    with pytest.raises(ValueError, match=r"name must differ .* got 'clip' twice"):
        fit(dense(), *data(), GradientClipping(1.0), GradientClipping(2.0))


def test_repeated_tokens_are_clipped_as_their_sum():
    clippers = {
        "norm": lambda: GradientClipping(norm=0.05),
        "per_variable": lambda: GradientClipping(per_variable=0.05),
        "value": lambda: GradientClipping(value=0.01),
        "adaptive": lambda: AdaptiveGradientClipping(0.01),
        "auto": lambda: AutoClip(10),
    }
    for name, make in clippers.items():
        ends = []
        for as_matrix in (False, True):
            model, x = embedding(keras.optimizers.SGD(1.0), as_matrix)
            fit(model, x, TARGETS, make(), batch=2, epochs=2)
            ends.append(everything(model)[:2])
        for one, other in zip(*ends, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, err_msg=name)


def test_percentile_is_numpys():
    values = np.random.default_rng(0).normal(size=20).astype("float32")
    for count in (1, 2, 7, 20):
        for percent in (1.0, 10.0, 50.0, 99.0, 100.0):
            ours = numpy(percentile(ops.convert_to_tensor(values), count, percent))
            theirs = np.percentile(values[:count], percent)
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_auto_clip():
    for history in (1000, 4):
        norms = GradientNorms()
        logs, steps = _steps(AutoClip(25.0, history), norms)
        before = norms.table.global_norms
        limits = [
            np.percentile(before[max(0, i + 1 - history) : i + 1], 25.0)
            for i in range(len(before))
        ]
        np.testing.assert_allclose(steps, np.minimum(before, limits), rtol=1e-4)
        np.testing.assert_allclose(logs["autoclip_limit"], np.mean(limits), rtol=1e-5)


# Shapes, and by hand the axes of one unit: the whole, columns, filters.
UNITS = {
    (): None,
    (3,): None,
    (1, 4): (0,),
    (4, 3): (0,),
    (2, 3, 4): (0, 1),
    (3, 3, 2, 5): (0, 1, 2),
    (2, 2, 2, 3, 2): (0, 1, 2, 3),
}


def _tree(seed, shapes=tuple(UNITS)):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape).astype("float32") for shape in shapes]


def test_units_are_clipped_one_by_one():
    gradients, weights = _tree(0), _tree(1)
    weights[3][:, 1] = 0.0
    for clipping in (0.01, 0.9, 1.2):
        tensors = [
            [ops.convert_to_tensor(array) for array in arrays]
            for arrays in (gradients, weights)
        ]
        ours, share = clip_units(*tensors, list(UNITS.values()), clipping, 1e-3)
        over = []
        for one, gradient, weight, axes in zip(
            ours, gradients, weights, UNITS.values(), strict=True
        ):
            # Units first, entries of a unit last.
            kept = 0 if axes is None else gradient.ndim - len(axes)

            def units(array, axes=axes, kept=kept):
                if axes is None:
                    return array.reshape(1, -1)
                return np.moveaxis(array, axes, range(kept, array.ndim)).reshape(
                    int(
                        np.prod(
                            [array.shape[i] for i in range(array.ndim) if i not in axes]
                        )
                    ),
                    -1,
                )

            for got, g, w in zip(
                units(numpy(one)), units(gradient), units(weight), strict=True
            ):
                limit = clipping * max(np.linalg.norm(w), 1e-3)
                over.append(np.linalg.norm(g) > limit)
                expected = g * limit / np.linalg.norm(g) if over[-1] else g
                np.testing.assert_allclose(got, expected, rtol=1e-5)
        np.testing.assert_allclose(numpy(share), np.mean(over), rtol=1e-6)


@on("jax", because="optax works on JAX arrays")
def test_optax_agrees():
    optax = pytest.importorskip("optax")
    from callbacks.clipping import rules

    # Where optax and this package mean the same by a unit.
    shapes = [(), (3,), (4, 3), (3, 3, 2, 5), (2, 2, 2, 3, 2)]
    axes = [UNITS[shape] for shape in shapes]
    gradients, weights = _tree(0, shapes), _tree(1, shapes)
    pairs = [
        (optax.clip_by_global_norm(0.7), rules.by_global_norm(gradients, 0.7)[0]),
        (optax.clip_by_global_norm(1e3), rules.by_global_norm(gradients, 1e3)[0]),
        (optax.clip(0.2), rules.by_value(gradients, 0.2)[0]),
        (
            optax.adaptive_grad_clip(0.01, 1e-3),
            clip_units(gradients, weights, axes, 0.01, 1e-3)[0],
        ),
        (
            optax.adaptive_grad_clip(0.8, 1e-3),
            clip_units(gradients, weights, axes, 0.8, 1e-3)[0],
        ),
    ]
    for rule, ours in pairs:
        theirs, _ = rule.update(gradients, rule.init(weights), weights)
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(numpy(one), numpy(other), rtol=1e-5)


def test_adaptive_clipping_in_fit():
    model, kept, norms = dense(), KeepWeights(), GradientNorms()
    agc = AdaptiveGradientClipping(0.05, exclude=["out"])
    history = fit(model, *data(), kept, norms, agc)
    steps, before = kept.changes() / RATE, norms.table.norms
    np.testing.assert_allclose(steps[:, 2:], before[:, 2:], rtol=1e-5)
    assert (steps[:, :2] < before[:, :2]).all()
    for row, step in zip(kept.rows, steps, strict=True):
        size = np.linalg.norm(row[0])
        assert step[0] <= 0.05 * size * (1 + 1e-4)
    assert 0 < history["agc_part"][0] <= 1
    with pytest.raises(ValueError, match=r"exclude must be names .* got \['nowhere'\]"):
        fit(model, *data(), AdaptiveGradientClipping(exclude=["nowhere"]))


def test_nonfinite_gradients_are_left_to_others():
    x, y = data()
    x[14, 2] = np.nan
    model = dense()
    callbacks = [
        GradientNorms(on_nonfinite="skip"),
        GradientClipping(0.3),
        AutoClip(50),
    ]
    history = fit(model, x, y, *callbacks)
    assert all(np.isfinite(array).all() for array in everything(model))
    assert history["grad_nonfinite"] == [1]


def test_clipping_pickles():
    clipping = pickle.loads(pickle.dumps(GradientClipping(0.1)))
    model = dense()
    history = fit(model, *data(), clipping)
    assert history["clip_limit"] == [pytest.approx(0.1)]
    assert_untouched(model, 2)


@slow_on("jax")
def test_an_application_trains():
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNet(
        (32, 32, 3), alpha=0.25, weights=None, classes=3
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    generator = np.random.default_rng(0)
    x = generator.uniform(size=(8, 32, 32, 3)).astype("float32")
    norms = GradientNorms()
    history = fit(model, x, np.arange(8) % 3, norms, GradientClipping(norm=1.0))
    assert norms.table.norms.shape == (2, len(model.trainable_variables))
    assert np.isfinite(history["grad_norm"]).all()
    assert history["clip_norm_after"][0] <= 1.0 + 1e-5
    np.testing.assert_allclose(
        history["clip_norm_before"], history["grad_norm"], rtol=1e-4
    )
    assert "grad_norm/conv1" in history
