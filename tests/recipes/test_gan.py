"""The GAN recipe: its formulas, its sample measures, its networks, its verdicts."""

import keras
import numpy as np
import pytest
from keras import ops

from recipes.architectures import _gan_formulas as formulas
from recipes.architectures import _gan_images, _gan_line, gan
from recipes.architectures._gan_figures import mosaic
from recipes.architectures._gan_pair import LOSSES, Pair
from recipes.architectures._sample_quality import coverage, frechet
from recipes.lab.training.gradients import gradients


class Bench:
    """Collects verdicts where a whole run would be too long."""

    seeds = range(2)
    settings = gan.Settings()

    def __init__(self):
        self.found, self.evidence = {}, {}

    def verdict(self, claim, holds, *, evidence, note=""):
        from recipes.lab.evidence.verdicts import judge

        assert note
        self.found[claim] = judge(holds)[0]
        self.evidence[claim] = evidence


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
    losses = {
        "non_saturating": lambda logit: np.logaddexp(0, -logit),
        "minimax": lambda logit: -np.logaddexp(0, logit),
    }
    seen = formulas.logit_gradients(logits.astype("float32"))
    closed = formulas.closed_forms(logits)
    for name, loss in losses.items():
        slopes = (loss(logits + step) - loss(logits - step)) / (2 * step)
        np.testing.assert_allclose(closed[name], slopes, rtol=1e-5)
        np.testing.assert_allclose(seen[name], slopes, rtol=1e-5)


def test_exact_claims():
    bench = Bench()
    formulas.judge_formulas(bench)
    assert bench.found == {
        "gan-objectives": "supported",
        "gan-saturating-vs-not": "supported",
        "gan-curve-subtle": "conditional",
        "gan-equilibrium": "refuted",
        "gan-log4": "supported",
    }
    sizes = bench.evidence["gan-saturating-vs-not"]["gradient_size_in_its_logit"]
    assert sizes["minimax"] == pytest.approx(1e-4, rel=1e-5)
    assert sizes["non_saturating"] == pytest.approx(0.9999, rel=1e-6)
    assert bench.evidence["gan-curve-subtle"]["ratio"] == pytest.approx(9999, rel=1e-5)


def test_the_value_of_the_game():
    """Nothing in common: 0. Equal: -log 4. Between: -log 4 + 2 JSD, ever greater."""
    assert formulas.game_value(0.0) == pytest.approx(-np.log(4), abs=1e-12)
    assert formulas.game_value(12.0) == pytest.approx(0.0, abs=1e-6)
    fitted = formulas.fitted_discriminator(0, shift=2.0, count=20_000)
    assert fitted["value"] == pytest.approx(formulas.game_value(2.0), abs=0.02)
    assert fitted["mean"] < 0.3


def test_swapped_losses_would_be_seen(monkeypatch):
    """The checks can fail: with the two losses exchanged nothing is supported."""
    first, second = (formulas.GENERATOR_LOSSES[loss] for loss in LOSSES)
    monkeypatch.setitem(formulas.GENERATOR_LOSSES, LOSSES[0], second)
    monkeypatch.setitem(formulas.GENERATOR_LOSSES, LOSSES[1], first)
    bench = Bench()
    formulas.judge_objectives(bench)
    formulas.judge_saturation(bench)
    assert set(bench.found.values()) == {"refuted"}


def test_frechet_distance_by_hand():
    """Two columns with variances 4 and 16, against 1 and 1, moved by (3, 4).

    |m|² = 25; tr(C1 + C2) = 22; tr (C1 C2)^½ = 2 + 4; so 25 + 22 - 12.
    """
    square = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]) * np.sqrt(3 / 4)
    moved = square + [3, 4]
    assert frechet(square * [2, 4], moved) == pytest.approx(35.0)
    assert frechet(moved, square * [2, 4]) == pytest.approx(35.0)
    assert frechet(square, square[::-1]) == pytest.approx(0.0, abs=1e-12)


def test_frechet_distance_does_not_need_aligned_axes():
    """Turning both samples changes nothing; the library's matrix root agrees."""
    from scipy.linalg import sqrtm

    rng = np.random.default_rng(0)
    first = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3))
    second = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 3)) + 1
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    found = frechet(first, second)
    assert frechet(first @ turn, second @ turn) == pytest.approx(found)
    one, two = np.cov(first.T), np.cov(second.T)
    shift = np.sum((first.mean(0) - second.mean(0)) ** 2)
    expected = shift + np.trace(one + two - 2 * sqrtm(one @ two).real)
    assert found == pytest.approx(expected)


def test_coverage_by_hand():
    even = coverage(np.array([0, 1, 2, 3]), 4)
    assert even == {"least_share": 0.25, "effective_classes": pytest.approx(4.0)}
    collapsed = coverage(np.array([2, 2, 2]), 4)
    assert collapsed == {"least_share": 0.0, "effective_classes": pytest.approx(1.0)}
    uneven = coverage(np.array([0, 0, 1, 2]), 3)
    assert uneven["effective_classes"] == pytest.approx(2**1.5)


def test_steps_until_near_counts_by_hand():
    means = [0.0, 3.0, 4.5, 4.05, 2.0]
    assert _gan_line.steps_until_near(means, 40) == 30
    assert _gan_line.steps_until_near(means[:3], 20) == 20


@pytest.fixture(scope="module")
def pair():
    return Pair(_gan_line.build_line, lambda: keras.optimizers.SGD(0.05))


def test_a_pair_starts_anew_and_alike_for_both_losses(pair):
    latents = np.random.default_rng(0).standard_normal((64, 1)).astype("float32")
    real = _gan_line.real_numbers(np.random.default_rng(1), 64)

    def run(loss, seed):
        pair.start(seed)
        before = pair.look(latents)
        pair.models[loss].train_on_batch(real)
        return before, pair.look(latents)

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
        model.train_on_batch(_gan_line.real_numbers(np.random.default_rng(1), 64))
    model.run_eagerly, model.train_function = False, None
    after = pair.generator.get_weights()
    moved = sum(np.sum((a - b) ** 2) for a, b in zip(after, before, strict=True))
    pair.start(3)
    told = pair.look(seen["latents"])["minimax"]
    assert np.sqrt(moved) / 0.05 == pytest.approx(told, rel=1e-3)


def test_a_lead_trains_the_discriminator_only(pair):
    pair.start(0)
    generator = pair.generator.get_weights()
    latents = np.random.default_rng(0).standard_normal((500, 1)).astype("float32")
    before = pair.look(latents)
    pair.lead(_gan_line.real_numbers(np.random.default_rng(1), 50 * 64), seed=0)
    after = pair.look(latents)
    for one, other in zip(generator, pair.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert after["d_fake"] < before["d_fake"] / 2
    assert after["non_saturating"] > 2 * after["minimax"]


def looks(first: float, last: float, share: float) -> list[dict]:
    return [
        {"distance": first, "least_share": 0.0},
        {"distance": last, "least_share": share},
    ]


def test_image_verdict_by_hand():
    """Of 101 - 1 at most 10 may be left, and every class needs 2 %."""

    class Ruler:
        num_classes, floor, accuracy = 10, 1.0, 1.0

    good, far, collapsed = (
        {"looks": looks(101.0, *end)} for end in ((10.0, 0.05), (30.0, 0.05), (10.0, 0))
    )

    def kind(first, second):
        bench = Bench()
        runs = dict(zip(LOSSES, (first, second), strict=True))
        _gan_images.judge_images(bench, Ruler, runs)
        return bench.found["gan-small-image"]

    assert kind([good, good], [good, good]) == "supported"
    assert kind([far, far], [collapsed, collapsed]) == "refuted"
    assert kind([good, good], [far, collapsed]) == "conditional"
    assert kind([good, good], [good, far]) == "inconclusive"
    assert _gan_images.share_left(good["looks"], 1.0) == pytest.approx(0.09)


def line_runs(late: dict) -> dict:
    """Made-up runs: the mean is near after `late[loss]` looks."""
    return {
        case: [
            {
                "mean": [0.0] * (late[case.loss] + seed) + [4.0] * 60,
                "first": {"non_saturating": 2.0, "minimax": 1.0},
            }
            for seed in range(3)
        ]
        for case in _gan_line.CASES
    }


def image_runs(late: dict) -> dict:
    """Made-up runs whose distance falls by a factor e after `late[loss]` looks."""
    return {
        loss: [
            {"looks": [{"distance": np.exp(5 - (k > n))} for k in range(11)]}
            for _ in range(3)
        ]
        for loss, n in late.items()
    }


def test_speed_verdict_follows_the_steps():
    kinds = []
    for late in (
        {"non_saturating": 3, "minimax": 9},
        {"non_saturating": 9, "minimax": 3},
    ):
        bench = Bench()
        gap = _gan_images.farther_on_the_way(image_runs(late))
        assert gap.mean == pytest.approx(
            (late["minimax"] - late["non_saturating"]) / 10
        )
        _gan_line.judge_speed(bench, line_runs(late), gap)
        kinds.append(bench.found["gan-strong-early-signal"])
        found = bench.evidence["gan-strong-early-signal"]
        steps = found["steps_until_the_mean_is_near"]["SGD, D ahead"]["minimax"]
        assert steps == [10 * (late["minimax"] + seed) for seed in range(3)]
    assert kinds == ["supported", "refuted"]


def test_mosaic_puts_rows_and_columns_in_place():
    pictures = np.arange(6).reshape(2, 3, 1, 1, 1)
    assert mosaic(pictures, gap=0).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert mosaic(pictures, gap=1).shape == (6, 9)


def test_smoke_run_states_every_claim_and_judges_none(recipes_run):
    result = recipes_run("gan", "--smoke")
    assert [claim["id"] for claim in result["claims"]] == [
        "gan-roles",
        "gan-objectives",
        "gan-early-d-small",
        "gan-saturating-vs-not",
        "gan-curve-subtle",
        "gan-strong-early-signal",
        "gan-equilibrium",
        "gan-log4",
        "gan-small-image",
    ]
    assert {claim["verdict"] for claim in result["claims"]} == {"not judged"}
    assert len(result["figures"]) == 5
