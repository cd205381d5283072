"""The weighting recipe: equalities, closed forms, counts by hand, a short run."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import ops

from recipes.lab.evidence.judging import judge
from recipes.lab.training.gradients import gradients
from recipes.lab.training.seeding import reseed
from recipes.losses.weighting import (
    example,
    focal,
    imbalance,
    noise,
    repetition,
    tasks,
)

GAP = 2.0  # between the means of the two Gaussians
LAB = SimpleNamespace(settings=SimpleNamespace(samples=4000, passes=3, epochs=20))


def judged(decide) -> dict:
    """What becomes of a claim that trains in no sweep."""
    return judge(decide.claim, decide(LAB))


def test_class_weights_are_sample_weights():
    found = judged(example.looked_up_for_each_sample)
    assert found["verdict"] == "supported"
    numbers = found["numbers"]
    assert numbers["gaps"]["sample_weight"] == 0
    assert numbers["gaps"]["ClassBalancedLoss"] < 1e-6
    assert numbers["largest_change_in_training"] > 0.01
    losses = numbers["losses"]
    assert losses["class_weight"] == losses["sample_weight"]
    assert losses["ClassBalancedLoss"] > losses["class_weight"]
    assert numbers["absent"]["class_weight"] == "weighs it 1"
    assert numbers["looked_up"] == "fails with a KeyError"


def test_weights_and_copies():
    found = judged(repetition.weights_and_copies)
    assert found["verdict"] == "supported"
    assert found["holds"] == ["mean_with_sample_weight", "sum"]
    ratios = found["numbers"]["ratios"]
    # 400 rows, 20 of them five times: Keras's default divides by 400, not by 480.
    assert ratios["sum_over_batch_size"] == pytest.approx(480 / 400, rel=1e-5)
    assert ratios["sum"] == pytest.approx(1, rel=1e-5)


def test_noise_of_weights_and_copies_by_simulation():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 2)), (np.arange(50) < 5).astype(int)
    kernel, copies = rng.normal(size=(2, 2)), np.where(y == 1, 4, 1)
    p = np.exp(x @ kernel)
    errors = p / p.sum(1, keepdims=True) - np.eye(2)[y]
    each = np.einsum("ni,nj->nij", x, errors).reshape(50, 4)
    weighted = each * (copies / copies.mean())[:, None]
    repeated = np.repeat(each, copies, axis=0)
    np.testing.assert_allclose(weighted.mean(0), repeated.mean(0))
    expected = weighted.var(0).sum() / repeated.var(0).sum()
    assert repetition.noise_ratio(kernel, x, y, copies) == pytest.approx(expected)
    assert repetition.noise_ratio(kernel, x, y, np.full(50, 3)) == pytest.approx(1)


@pytest.mark.parametrize(("label", "value"), [(0, 0.6931471806), (1, 0.3132616875)])
def test_floors_behind_a_sigmoid(label, value):
    assert example.floor(label) == pytest.approx(value, rel=1e-6)
    assert example.FLOORS[label] == pytest.approx(value, rel=1e-9)


def test_only_a_sigmoid_right_before_the_loss_is_seen_through():
    found = judged(example.from_logits)
    numbers = found["numbers"]
    seen = keras.backend.backend() == "tensorflow"
    holds = ["the model ends in logits"] + ["the model ends in a sigmoid layer"] * seen
    assert found["holds"] == holds
    assert numbers["training"]["a sigmoid layer"]["warned"] == seen
    hand = numbers["training"]["a sigmoid written out"]
    assert hand["loss"] > numbers["weighted"]
    assert numbers["training"]["logits"]["loss"] < hand["loss"]
    assert ("sees through" in found["note"]) == seen


def test_only_tensorflow_sees_the_sigmoid():
    """tests/test_other_backends.py runs this on the others."""
    names = ("a sigmoid layer", "a sigmoid written out")
    layer, hand = (example.train_example(name, 2) for name in names)
    seen = keras.backend.backend() == "tensorflow"
    assert layer["warned"] == seen
    assert (abs(layer["loss"] - hand["loss"]) < 1e-4) != seen


def test_metrics_by_hand():
    labels = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    decisions = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    found = imbalance.scores(labels, decisions)
    assert found == pytest.approx(
        {
            "accuracy": 0.8,
            "recall": 2 / 3,
            "precision": 2 / 3,
            "F1": 2 / 3,
            "balanced accuracy": (2 / 3 + 6 / 7) / 2,
            "cost": (1 + 10) / 10,
        }
    )
    nothing = imbalance.scores(labels, np.zeros(10, int))
    assert nothing["F1"] == nothing["precision"] == nothing["recall"] == 0


def test_metrics_as_scikit_learn_has_them():
    from sklearn import metrics

    rng = np.random.default_rng(0)
    labels, decisions = rng.integers(0, 2, 100), rng.integers(0, 2, 100)
    found = imbalance.scores(labels, decisions)
    for name, metric in {
        "precision": metrics.precision_score,
        "F1": metrics.f1_score,
        "balanced accuracy": metrics.balanced_accuracy_score,
    }.items():
        assert found[name] == pytest.approx(metric(labels, decisions)), name


@pytest.mark.parametrize("weight", [1, 5, 19])
def test_the_closed_form_by_counting(weight):
    """A million rows, decided by the true probabilities at the weight's threshold."""
    rng = np.random.default_rng(0)
    labels = (rng.random(1_000_000) < imbalance.POSITIVE).astype(int)
    x = rng.normal(size=labels.size) + GAP * labels
    density = np.exp(-((x - GAP) ** 2) / 2), np.exp(-(x**2) / 2)
    odds = imbalance.POSITIVE / (1 - imbalance.POSITIVE) * density[0] / density[1]
    counted = imbalance.scores(labels, (odds * weight > 1).astype(int))
    ideal = imbalance.ideal(weight)
    for name, value in counted.items():
        assert value == pytest.approx(float(ideal[name]), abs=0.01), name


def test_the_least_cost_is_at_the_weight_of_the_costs():
    weights = np.geomspace(1, 100, 401)
    cost = imbalance.ideal(weights)["cost"]
    assert weights[cost.argmin()] == pytest.approx(10, rel=0.02)
    common, rare = imbalance.WEIGHTS["weights from costs"]
    assert rare / common == pytest.approx(10)


def test_a_trained_classifier_comes_near_the_closed_form():
    reseed(0)
    case = imbalance.setting(LAB, passes=10, weight=[1.0, 19.0])
    found = imbalance.train(case, 0, None)
    ideal = imbalance.ideal(19)
    for name in ("recall", "balanced accuracy"):
        assert found[name] == pytest.approx(float(ideal[name]), abs=0.05), name
    # The probabilities are those of classes of equal size, not of one in twenty.
    assert found["mean probability"] > 0.2


@pytest.mark.parametrize("name", [focal.FOCAL, focal.FOCAL_BALANCED])
def test_focal_loss_by_hand(name):
    """(1 − p)² times −log p, and the class's weight."""
    weights = (0.05, 0.95) if name == focal.FOCAL_BALANCED else (1.0, 1.0)
    for label, p in ((0, 0.7), (1, 0.1)):
        expected = weights[label] * (1 - p) ** 2 * -np.log(p)
        assert focal.cost(name, p, label) == pytest.approx(expected, rel=1e-5)
    assert focal.cost("cross-entropy", 0.1) == pytest.approx(-np.log(0.1), rel=1e-5)


def test_flipped_labels():
    labels = np.arange(1000, dtype="int32") % 10
    flipped, wrong = noise.flip(labels, 10, seed=0)
    assert wrong.sum() == 300
    assert (flipped[wrong] != labels[wrong]).all()
    assert (flipped[~wrong] == labels[~wrong]).all()
    assert flipped.min() == 0
    assert flipped.max() == 9
    assert len(set(flipped[wrong])) == 10


def test_tasks_differ_by_their_scale_only():
    _, y = tasks.draw_tasks(0, 5000)
    assert y["small"].std() == pytest.approx(1, rel=1e-3)
    assert y["big"].std() == pytest.approx(100, rel=1e-3)


def test_the_pull_of_the_big_task_is_that_of_autodiff():
    rng = np.random.default_rng([0, 70])
    x, y = tasks.draw_tasks(0, tasks.ROWS)
    shapes = (tasks.FEATURES, tasks.HIDDEN), (tasks.HIDDEN, 1), (tasks.HIDDEN, 1)
    kernel, *heads = (
        (rng.uniform(-1, 1, s) * np.sqrt(6 / sum(s))).astype("float32") for s in shapes
    )
    sizes = {}
    for task, head in zip(tasks.TASKS, heads, strict=True):

        def loss(tensors, task=task, head=head):
            hidden = ops.relu(ops.matmul(x, tensors[0]))
            return ops.mean((ops.matmul(hidden, head) - y[task]) ** 2)

        sizes[task] = np.linalg.norm(gradients(loss, [kernel])[0])
    assert tasks.pull(0) == pytest.approx(sizes["big"] / sizes["small"], rel=1e-3)


def test_fading_falls_to_the_matched_weight_by_half():
    from callbacks import LossWeightSchedule, UncertaintyWeighting

    (schedule,) = tasks.weighting(tasks.FADING, epochs=20)
    assert isinstance(schedule, LossWeightSchedule)
    weight = schedule.weights["big"]
    found = [weight(epoch) for epoch in (0, 5, 10, 19)]
    assert found == pytest.approx([1, 1e-2, 1e-4, 1e-4])
    assert isinstance(tasks.weighting(tasks.LEARNED, 20)[0], UncertaintyWeighting)
    assert tasks.weighting(tasks.EQUAL, 20) == []


@pytest.mark.parametrize("flag", ["--samples=99", "--passes=1001", "--epochs=1001"])
def test_settings_out_of_range(recipes_run, flag):
    assert "must be" in recipes_run("weighting", flag, code=2)
