"""The GAN recipe: its formulas, its sample measures, its networks, its verdicts."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops

from recipes.architectures.gan import early_signal, equilibrium, images, line, losses
from recipes.lab import gradients
from recipes.lab.testing import RecordingLab, judged

LOSSES = losses.LOSSES
# Where the trainings are that several lessons read.
line_parts = inspect.getmodule(line.line_runs)
image_parts = inspect.getmodule(images.image_runs)


def test_gradients_agree_with_finite_differences():
    """The cubic's differences are exact up to step² = 1e-4."""
    x, y = np.array([0.5, -2.0], "float32"), np.array([3.0], "float32")
    found = gradients(lambda v: ops.sum(v[0] ** 3) * v[1][0], [x, y])
    step = 0.01
    slopes = [3 * ((a + step) ** 3 - (a - step) ** 3) / (2 * step) for a in x]
    np.testing.assert_allclose(found[0], slopes, atol=1e-3)
    np.testing.assert_allclose(found[1], [0.125 - 8.0], rtol=1e-6)


def test_logit_gradients_agree_with_formula_and_finite_differences():
    logits, step = np.array([-9.0, -1.0, 0.0, 2.0]), 1e-4
    by_formula = {
        "non_saturating": lambda logit: np.logaddexp(0, -logit),
        "minimax": lambda logit: -np.logaddexp(0, logit),
    }
    seen = losses.logit_gradients(logits.astype("float32"))
    closed = losses.closed_forms(logits)
    for name, loss in by_formula.items():
        slopes = (loss(logits + step) - loss(logits - step)) / (2 * step)
        np.testing.assert_allclose(closed[name], slopes, rtol=1e-5)
        np.testing.assert_allclose(seen[name], slopes, rtol=1e-5)


def test_exact_claims():
    lab = RecordingLab("gan", seeds=2)
    found = {
        function.claim.id: judged(function, lab)
        for function in (
            losses.labels_are_swapped,
            losses.one_loss_saturates,
            losses.which_curve_is_flatter,
            equilibrium.it_cannot_tell,
            equilibrium.value_is_minus_log_4,
        )
    }
    assert {id: one["verdict"] for id, one in found.items()} == {
        "gan-objectives": "supported",
        "gan-saturating-vs-not": "supported",
        "gan-curve-subtle": "conditional",
        "gan-equilibrium": "refuted",
        "gan-log4": "supported",
    }
    sizes = found["gan-saturating-vs-not"]["numbers"]["sizes"]
    assert sizes["minimax"] == pytest.approx(1e-4, rel=1e-5)
    assert sizes["non_saturating"] == pytest.approx(0.9999, rel=1e-6)
    ratio = found["gan-curve-subtle"]["numbers"]["ratio"]
    assert ratio == pytest.approx(9999, rel=1e-5)


def test_the_value_of_the_game():
    """Nothing in common: 0. Equal: -log 4. Between: -log 4 + 2 JSD, ever greater."""
    assert equilibrium.game_value(0.0) == pytest.approx(-np.log(4), abs=1e-12)
    assert equilibrium.game_value(12.0) == pytest.approx(0.0, abs=1e-6)
    fitted = equilibrium.fitted_discriminator(0, shift=2.0, count=20_000)
    assert fitted["value"] == pytest.approx(equilibrium.game_value(2.0), abs=0.02)
    assert fitted["mean"] < 0.3


def test_swapped_losses_would_be_seen(monkeypatch):
    """The checks can fail: with the two losses exchanged nothing is supported."""
    first, second = (losses.GENERATOR_LOSSES[loss] for loss in LOSSES)
    monkeypatch.setitem(losses.GENERATOR_LOSSES, LOSSES[0], second)
    monkeypatch.setitem(losses.GENERATOR_LOSSES, LOSSES[1], first)
    lab = RecordingLab("gan", seeds=2)
    for function in (losses.labels_are_swapped, losses.one_loss_saturates):
        assert judged(function, lab)["verdict"] == "refuted"


def test_frechet_distance_by_hand():
    """Two columns with variances 4 and 16, against 1 and 1, moved by (3, 4).

    |m|² = 25; tr(C1 + C2) = 22; tr (C1 C2)^½ = 2 + 4; so 25 + 22 - 12.
    """
    square = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]) * np.sqrt(3 / 4)
    moved = square + [3, 4]
    assert image_parts.frechet(square * [2, 4], moved) == pytest.approx(35.0)
    assert image_parts.frechet(moved, square * [2, 4]) == pytest.approx(35.0)
    assert image_parts.frechet(square, square[::-1]) == pytest.approx(0.0, abs=1e-12)


def test_frechet_distance_does_not_need_aligned_axes():
    """Turning both samples changes nothing; the library's matrix root agrees."""
    from scipy.linalg import sqrtm

    rng = np.random.default_rng(0)
    first = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3))
    second = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 3)) + 1
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    found = image_parts.frechet(first, second)
    assert image_parts.frechet(first @ turn, second @ turn) == pytest.approx(found)
    one, two = np.cov(first.T), np.cov(second.T)
    shift = np.sum((first.mean(0) - second.mean(0)) ** 2)
    expected = shift + np.trace(one + two - 2 * sqrtm(one @ two).real)
    assert found == pytest.approx(expected)


def test_coverage_by_hand():
    even = image_parts.coverage(np.array([0, 1, 2, 3]), 4)
    assert even == {"least_share": 0.25, "effective_classes": pytest.approx(4.0)}
    collapsed = image_parts.coverage(np.array([2, 2, 2]), 4)
    assert collapsed == {"least_share": 0.0, "effective_classes": pytest.approx(1.0)}
    uneven = image_parts.coverage(np.array([0, 0, 1, 2]), 3)
    assert uneven["effective_classes"] == pytest.approx(2**1.5)


def test_steps_until_near_counts_by_hand():
    means = [0.0, 3.0, 4.5, 4.05, 2.0]
    assert early_signal.steps_until_near(means, 40) == 30
    assert early_signal.steps_until_near(means[:3], 20) == 20


@pytest.fixture(scope="module")
def pair():
    return line_parts.Pair(line_parts.build_line, lambda: keras.optimizers.SGD(0.05))


def test_a_pair_starts_anew_and_alike_for_both_losses(pair):
    latents = np.random.default_rng(0).standard_normal((64, 1)).astype("float32")
    real = line_parts.real_numbers(np.random.default_rng(1), 64)

    def run(loss, seed):
        pair.start(seed)
        before = pair.measure(latents)
        pair.models[loss].train_on_batch(real)
        return before, pair.measure(latents)

    one, other = run(LOSSES[0], 0), run(LOSSES[1], 0)
    assert one[0] == other[0]
    assert one[1] != other[1]
    assert run(LOSSES[0], 1)[0] != one[0]
    assert run(LOSSES[0], 0) == one


def test_gradient_norms_are_those_of_a_training_step(pair):
    """With SGD a weight moves by the rate times its gradient: 0.05 here."""
    pair.start(3)
    model, seen = pair.models["minimax"], {}
    function = pair.generator.call

    def spy(latents, **arguments):  # the latents that the step itself draws
        seen["latents"] = np.array(ops.convert_to_numpy(latents))
        return function(latents, **arguments)

    before = [np.array(w) for w in pair.generator.get_weights()]
    model.run_eagerly, model.train_function = True, None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair.generator, "call", spy)
        model.train_on_batch(line_parts.real_numbers(np.random.default_rng(1), 64))
    model.run_eagerly, model.train_function = False, None
    after = pair.generator.get_weights()
    moved = sum(np.sum((a - b) ** 2) for a, b in zip(after, before, strict=True))
    pair.start(3)
    told = pair.measure(seen["latents"])["minimax"]
    assert np.sqrt(moved) / 0.05 == pytest.approx(told, rel=1e-3)


def test_a_lead_trains_the_discriminator_only(pair):
    pair.start(0)
    generator = pair.generator.get_weights()
    latents = np.random.default_rng(0).standard_normal((500, 1)).astype("float32")
    before = pair.measure(latents)
    pair.lead(line_parts.real_numbers(np.random.default_rng(1), 50 * 64), seed=0)
    after = pair.measure(latents)
    for one, other in zip(generator, pair.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert after["d_fake"] < before["d_fake"] / 2
    assert after["non_saturating"] > 2 * after["minimax"]


def measured(first: float, last: float, share: float) -> dict:
    looks = [
        {"distance": first, "least_share": 0.0},
        {"distance": last, "least_share": share},
    ]
    extra = {"d_fake": 0.5, "effective_classes": 10.0}
    return {"looks": [{**one, **extra} for one in looks], "pictures": [], "losses": {}}


def test_image_verdict_by_hand(monkeypatch):
    """Of 101 - 1 at most 10 may be left, and every class needs 2 %."""
    good, distant, collapsed = (
        measured(101.0, *end) for end in ((10.0, 0.05), (30.0, 0.05), (10.0, 0))
    )

    def kind(first, second):
        results = [
            {"runs": dict(zip(LOSSES, pair, strict=True)), "floor": 1.0, "accuracy": 1}
            for pair in zip(first, second, strict=True)
        ]
        monkeypatch.setattr(images, "image_runs", lambda lab: results)
        return judged(images.noise_becomes_images, RecordingLab("gan"))["verdict"]

    assert kind([good, good], [good, good]) == "supported"
    assert kind([distant, distant], [collapsed, collapsed]) == "refuted"
    assert kind([good, good], [distant, collapsed]) == "conditional"
    assert kind([distant, good], [good, distant]) == "inconclusive"
    assert images.share_left(good["looks"], 1.0) == pytest.approx(0.09)


def line_runs(late: dict) -> dict:
    """Made-up runs: the mean is near after `late[loss]` measurements."""
    return {
        f"{optimizer}, {start}, {loss}": [
            {
                "mean": [0.0] * (late[loss] + seed % 2) + [4.0] * 60,
                "first": {"non_saturating": 2.0, "minimax": 1.0},
            }
            for seed in range(8)
        ]
        for optimizer in line.OPTIMIZERS
        for start in line.STARTS
        for loss in LOSSES
    }


def image_runs(late: dict) -> list[dict]:
    """Made-up runs whose distance falls by a factor e after `late[loss]` looks."""
    return [
        {
            "runs": {
                loss: {"looks": [{"distance": np.exp(5 - (k > n))} for k in range(11)]}
                for loss, n in late.items()
            }
        }
        for _ in range(8)
    ]


def test_speed_verdict_follows_the_steps(monkeypatch):
    kinds = []
    for late in (
        {"non_saturating": 3, "minimax": 9},
        {"non_saturating": 9, "minimax": 3},
    ):
        monkeypatch.setattr(
            early_signal, "line_runs", lambda lab, by=late: line_runs(by)
        )
        monkeypatch.setattr(
            early_signal, "image_runs", lambda lab, by=late: image_runs(by)
        )
        found = judged(early_signal.improves_faster, RecordingLab("gan"))
        logs = found["numbers"]["log_distances"]
        gap = logs["minimax"][0] - logs["non_saturating"][0]
        assert gap == pytest.approx((late["minimax"] - late["non_saturating"]) / 10)
        kinds.append(found["verdict"])
        steps = found["numbers"]["steps_until_near"]["SGD, D ahead"]["minimax"]
        assert steps == [10 * (late["minimax"] + seed % 2) for seed in range(8)]
    assert kinds == ["supported", "refuted"]


def test_mosaic_puts_rows_and_columns_in_place():
    pictures = np.arange(6).reshape(2, 3, 1, 1, 1)
    assert images.mosaic(pictures, gap=0).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert images.mosaic(pictures, gap=1).shape == (6, 9)
