"""The GAN recipe: its formulas, its sample measures, its networks, its verdicts."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops

from recipes.architectures.gan import early_signal, equilibrium, images, line, losses
from recipes.lab import gradients
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab, judged
from zoo import mlp

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
        "gan-curve-subtle": "refuted",
        "gan-equilibrium": "refuted",
        "gan-log4": "supported",
    }
    sizes = found["gan-saturating-vs-not"]["numbers"]["sizes"]
    assert sizes["minimax"] == pytest.approx(1e-4, rel=1e-5)
    assert sizes["non_saturating"] == pytest.approx(0.9999, rel=1e-6)
    curve = found["gan-curve-subtle"]["numbers"]
    assert curve["ratio"] == pytest.approx(9999, rel=1e-5)
    assert curve["flatter_above_one_half"]


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


def test_steps_until_half_the_distance_is_left_for_good():
    """Half of 8 is 4: passed at once, and again, for good from the fifth look on."""
    distances = [8.0, 1.0, 5.0, 4.5, 3.0, 2.0]
    assert early_signal.steps_until_half(distances) == 40
    assert early_signal.steps_until_half(distances[:4]) == 40  # never: all steps
    assert early_signal.steps_until_half([8.0, 1.0]) == 10


# The line, in NumPy --------------------------------------------------------------


def networks_like(seeds) -> tuple:
    """A NumPy network and, for each seed, one of Keras with the same weights."""
    ours = line_parts.Network(16, [np.random.default_rng(seed) for seed in seeds])
    theirs = []
    for number in range(len(seeds)):
        model = mlp((1,), 1, units=(16,), task="regression")
        kernel, bias, out, offset = (weight[number] for weight in ours.weights)
        model.set_weights([kernel, bias[0], out.T, offset[0]])
        theirs.append(model)
    return ours, theirs


def test_a_numpy_network_and_its_slopes_are_those_of_keras():
    ours, theirs = networks_like((3, 4))
    x = np.random.default_rng(0).normal(size=(2, 5, 1))
    slope = np.random.default_rng(1).normal(size=(2, 5, 1))
    out = ours(x)
    weights, inputs = ours.back(slope)
    for number, model in enumerate(theirs):
        np.testing.assert_allclose(out[number], model(x[number]), rtol=1e-4, atol=1e-5)

        def loss(values, model=model, number=number):
            made, _ = model.stateless_call(values[1:], [], values[0])
            return ops.sum(made * slope[number].astype("float32"))

        start = [x[number].astype("float32"), *model.get_weights()]
        by_x, kernel, bias, last, offset = gradients(loss, start)
        np.testing.assert_allclose(inputs[number], by_x, rtol=1e-3, atol=1e-5)
        for one, other in zip(
            weights, (kernel, bias[None], last.T, offset[None]), strict=True
        ):
            np.testing.assert_allclose(one[number], other, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "keras_s"),
    [
        ("SGD", lambda: keras.optimizers.SGD(0.05)),
        ("Adam", lambda: keras.optimizers.Adam(5e-3, beta_1=0.5)),
    ],
)
def test_numpy_optimizers_are_those_of_keras(name, keras_s):
    rng, optimizer, reference = np.random.default_rng(0), None, keras_s()
    weights = [rng.normal(size=(2, 1, 3)) for _ in range(4)]
    variables = [keras.Variable(weight.astype("float32")) for weight in weights]
    optimizer = line_parts.OPTIMIZERS[name]()
    for _ in range(5):
        gradient = [rng.normal(size=(2, 1, 3)) for _ in range(4)]
        optimizer.step(weights, gradient)
        reference.apply(
            [ops.convert_to_tensor(one.astype("float32")) for one in gradient],
            variables,
        )
    for weight, variable in zip(weights, variables, strict=True):
        found = ops.convert_to_numpy(variable.value)
        np.testing.assert_allclose(weight, found, rtol=1e-4, atol=1e-5)


def test_slopes_of_the_line_s_losses_are_those_of_the_zoo_s():
    logits = np.linspace(-6, 6, 13)
    seen = losses.logit_gradients(logits.astype("float32"))
    for name, slope in line_parts.SLOPES.items():
        found = slope(line_parts.probability(logits))
        np.testing.assert_allclose(found, seen[name], rtol=1e-4, atol=1e-6)


def train_line(seeds, *, lead=0, steps=20, loss="minimax") -> list[dict]:
    case = {"optimizer": "SGD", "loss": loss, "lead": lead, "steps": steps}
    return line_parts.train_line({**case, "seeds": list(seeds)}, 0, None)["runs"]


def test_seeds_that_train_at_once_know_nothing_of_each_other():
    both, alone = train_line((5, 6)), train_line((6,))
    assert both[1].keys() == alone[0].keys()
    for name, value in alone[0].items():
        np.testing.assert_allclose(both[1][name], value, rtol=1e-9)
    assert both[0]["mean"] != both[1]["mean"]


def test_a_lead_moves_the_discriminator_only():
    even, ahead = (train_line(range(8), lead=lead, steps=1) for lead in (0, 100))
    for one, other in zip(even, ahead, strict=True):
        assert np.shape(one["mean"]) == (1,)
        # The generator is where it was; other numbers are drawn for the distance.
        assert other["mean"] == pytest.approx(one["mean"])
    assert np.mean([run["d_fake"] for run in ahead]) < 0.25
    assert np.mean([run["accuracy"] for run in ahead]) > 0.9


# Pairs of Keras's networks -------------------------------------------------------


def build():
    generator = mlp((1,), 1, units=(16,), task="regression", name="generator")
    return generator, mlp((1,), 1, units=(32,), task="binary", name="discriminator")


def real_numbers(count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(4, 1, (count, 1)).astype("float32")


@pytest.fixture(scope="module")
def pair():
    return line_parts.Pair(build, lambda: keras.optimizers.SGD(0.05))


def test_a_pair_starts_anew_and_alike_for_both_losses(pair):
    latents = np.random.default_rng(0).standard_normal((64, 1)).astype("float32")
    real = real_numbers(64)

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
        model.train_on_batch(real_numbers(64))
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
    pair.lead(real_numbers(50 * 64), seed=0)
    after = pair.measure(latents)
    for one, other in zip(generator, pair.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert after["d_fake"] < before["d_fake"] / 2
    assert after["non_saturating"] > 2 * after["minimax"]


# Verdicts ------------------------------------------------------------------------


def measured(last: float) -> dict:
    extra = {"d_fake": 0.5, "effective_classes": 10.0, "least_share": 0.05}
    looks = [{"distance": distance, **extra} for distance in (101.0, last)]
    return {"looks": looks, "pictures": [], "losses": {}}


def test_image_verdict_by_hand(monkeypatch):
    """Shuffled pixels are at 20: samples must come to 10 at least."""

    def kind(first, second):
        results = [
            {
                "runs": dict(zip(LOSSES, map(measured, pair), strict=True)),
                "floor": 1.0, "no_images": 20.0, "accuracy": 1,
            }
            for pair in zip(first, second, strict=True)
        ]  # fmt: skip
        monkeypatch.setattr(images, "image_runs", lambda lab: results)
        return judged(images.noise_becomes_images, RecordingLab("gan"))["verdict"]

    near, far = (5.0, 5.2, 4.8), (15.0, 15.5, 14.5)
    assert kind(near, near) == "supported"
    assert kind(far, far) == "refuted"
    assert kind(near, far) == "conditional"
    assert kind((5.0, 50.0, 0.5), (5.0, 50.0, 0.5)) == "inconclusive"


def test_shuffled_pixels_are_no_images():
    """Far from real ones, though their mean, pixel by pixel, is the real one's."""
    ruler = image_parts.Ruler(sets.load("digits"), epochs=1)
    assert ruler.no_images > 5 * ruler.floor


def line_runs(late: dict, said: float = 0.5) -> dict:
    """Made-up runs: half of the distance is left after `late[loss]` looks."""
    return {
        f"{optimizer}, {start}, {loss}": [
            {
                "distance": [4.0] * (late[loss] + seed % 2) + [1.0] * 60,
                "d_fake": said + 0.01 * (seed % 2),
                "early": said + 0.01 * (seed % 3),
            }
            for seed in range(8)
        ]
        for optimizer in line.OPTIMIZERS
        for start in line.STARTS
        for loss in LOSSES
    }


def image_runs(said: float = 0.5) -> list[dict]:
    """Made-up runs in which D says the same of every sample, but for a wobble."""
    return [
        {
            "runs": {
                loss: {
                    "looks": [{"distance": 2.0}] * 11,
                    "losses": {"d_fake": [said + 0.01 * seed]},
                }
                for loss in LOSSES
            },
            "lead": [{"d_fake": said + 0.01 * seed}, {"d_fake": 0.05}],
            "lead_steps": [0, 30],
            "looked_at": [0, 150],
        }
        for seed in range(3)
    ]


@pytest.mark.parametrize(("said", "verdict"), [(0.1, "supported"), (0.5, "refuted")])
def test_first_samples_can_be_told_apart_or_not(monkeypatch, said, verdict):
    late = dict.fromkeys(LOSSES, 3)
    monkeypatch.setattr(early_signal, "line_runs", lambda lab: line_runs(late, said))
    monkeypatch.setattr(early_signal, "image_runs", lambda lab: image_runs(said))
    found = judged(early_signal.first_samples_are_told_apart, RecordingLab("gan"))
    assert found["verdict"] == verdict
    assert len(found["holds"] + found["fails"]) == 6
    assert "some 30 steps" in found["note"]


def test_speed_verdict_follows_the_steps(monkeypatch):
    kinds = []
    monkeypatch.setattr(early_signal, "image_runs", lambda lab: image_runs())
    for late in (
        {"non_saturating": 3, "minimax": 9},
        {"non_saturating": 9, "minimax": 3},
    ):
        monkeypatch.setattr(
            early_signal, "line_runs", lambda lab, by=late: line_runs(by)
        )
        found = judged(early_signal.improves_faster, RecordingLab("gan"))
        kinds.append(found["verdict"])
        steps = found["numbers"]["steps_until_half_is_left"]["SGD, D ahead"]["minimax"]
        assert steps == [10 * (late["minimax"] + seed % 2) for seed in range(8)]
        ratio = found["decisions"]["SGD, D ahead"]["effect"]
        logs = [np.log(late["minimax"] + s) - np.log(late["non_saturating"] + s)
                for s in (0, 1)]  # fmt: skip
        assert ratio == pytest.approx(np.exp(np.mean(logs)))
    assert kinds == ["supported", "refuted"]


def test_mosaic_puts_rows_and_columns_in_place():
    pictures = np.arange(6).reshape(2, 3, 1, 1, 1)
    assert images.mosaic(pictures, gap=0).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert images.mosaic(pictures, gap=1).shape == (6, 9)


def test_a_title_says_that_less_is_sent_back_only_where_it_is():
    results = [{"lead": [{"minimax": first}, {"minimax": 1.0}]} for first in (2, 3)]
    assert early_signal.sent_back(results).startswith("The surer D is")
    results[0]["lead"][0]["minimax"] = 0.5
    assert early_signal.sent_back(results).startswith("What both losses")
