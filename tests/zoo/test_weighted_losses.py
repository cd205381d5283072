"""The losses for unbalanced classes and unequal costs, on the backend of Keras."""

import json

import keras
import numpy as np
import pytest
from keras import layers, ops

from zoo.losses import (
    ClassBalancedLoss,
    CostSensitiveLoss,
    cheapest_class,
    class_balanced_weights,
    cost_weights,
)

BACKEND = keras.backend.backend()


def numpy(value):
    return np.array(ops.convert_to_numpy(value))


def fit(model, x, y, batch=4, epochs=1, **arguments):
    history = model.fit(
        x, y, batch_size=batch, epochs=epochs, shuffle=False, verbose=0, **arguments
    )
    return history.history


def test_class_balanced_loss_is_class_weight():
    generator = np.random.default_rng(0)
    labels = generator.choice(3, size=40, p=[0.7, 0.2, 0.1]).astype("int32")
    x = generator.normal(size=(40, 4)).astype("float32")
    weights = class_balanced_weights(labels)
    ends = []
    for own in (False, True):
        inputs = layers.Input((4,))
        dense = layers.Dense(3, kernel_initializer="ones")
        model = keras.Model(inputs, dense(inputs))
        if own:
            loss = ClassBalancedLoss(weights, from_logits=True)
        else:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.5), loss)
        fit(model, x, labels, batch=8, class_weight=None if own else weights)
        ends.append([numpy(v) for v in model.variables])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_class_balanced_loss_of_a_map():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, size=(2, 4, 5))
    logits = generator.normal(size=(2, 4, 5, 3)).astype("float32")
    loss = ClassBalancedLoss([1.0, 2.0, 0.0], from_logits=True)
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    picked = -np.take_along_axis(log_p, labels[..., None], -1)[..., 0]
    expected = (picked * np.array([1.0, 2.0, 0.0])[labels]).mean()
    np.testing.assert_allclose(numpy(loss(labels, logits)), expected, rtol=1e-5)
    np.testing.assert_allclose(
        numpy(loss(labels[..., None], logits)), expected, rtol=1e-5
    )
    copy = ClassBalancedLoss.from_config(loss.get_config())
    np.testing.assert_allclose(numpy(copy(labels, logits)), expected, rtol=1e-5)


def test_cost_sensitive_loss():
    costs = np.array([[0.0, 1.0, 2.0], [9.0, 0.0, 4.0], [1.0, 1.0, 0.0]])
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(6, 3)).astype("float32")
    labels = generator.integers(0, 3, size=6)
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected = (costs[labels] * p).sum(-1)
    loss = CostSensitiveLoss(costs, from_logits=True)
    np.testing.assert_allclose(numpy(loss(labels, logits)), expected.mean(), rtol=1e-5)
    mixed = CostSensitiveLoss(costs, mix=0.5)
    expected = expected - 0.5 * np.log(p[np.arange(6), labels])
    np.testing.assert_allclose(numpy(mixed(labels, p)), expected.mean(), rtol=1e-4)
    copy = CostSensitiveLoss.from_config(mixed.get_config())
    np.testing.assert_allclose(numpy(copy(labels, p)), expected.mean(), rtol=1e-4)
    inputs = layers.Input((2,))
    model = keras.Model(inputs, layers.Dense(3)(inputs))
    model.compile("sgd", loss)
    fit(model, generator.normal(size=(6, 2)), labels.astype("int32"))
    assert cheapest_class(p, costs).tolist() == (p @ costs).argmin(-1).tolist()
    assert cost_weights([[0, 1], [19, 0]]) == {
        0: pytest.approx(0.1),
        1: pytest.approx(1.9),
    }


# Probabilities of class 1, their labels, and by hand the mean losses.
P1 = np.array([[0.1], [0.1], [0.7]], "float32")
LABELS = np.array([1, 0, 1])
COSTS = [[0.0, 1.0], [9.0, 0.0]]
MEAN_COST = (9 * 0.9 + 1 * 0.1 + 9 * 0.3) / 3
MEAN_ENTROPY = -(3 * np.log(0.1) + np.log(0.9) + 3 * np.log(0.7)) / 3


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
@pytest.mark.parametrize("kind", ["int64", "float32", "bool", "uint8"])
def test_one_sigmoid_unit_is_the_probability_of_class_1(shape, kind):
    labels = LABELS.astype(kind).reshape(shape)
    both = np.concatenate([1 - P1, P1], axis=-1)
    logits = np.log(P1 / (1 - P1))
    for make, expected in (
        (lambda **a: CostSensitiveLoss(COSTS, **a), MEAN_COST),
        (lambda **a: ClassBalancedLoss([1.0, 3.0], **a), MEAN_ENTROPY),
        (
            lambda **a: CostSensitiveLoss(COSTS, mix=0.5, **a),
            MEAN_COST - 0.5 * (np.log(0.1) + np.log(0.9) + np.log(0.7)) / 3,
        ),
    ):
        for predictions in (P1, both):
            got = numpy(make()(labels, predictions))
            np.testing.assert_allclose(got, expected, rtol=1e-5)
        got = numpy(make(from_logits=True)(labels, logits))
        np.testing.assert_allclose(got, expected, rtol=1e-5)
    flat = numpy(CostSensitiveLoss(COSTS)(LABELS, P1[:, 0]))
    np.testing.assert_allclose(flat, MEAN_COST, rtol=1e-5)


@pytest.mark.parametrize("loss", ["cost", "balanced"])
def test_a_sigmoid_head_learns_the_rare_class(loss):
    generator = np.random.default_rng(0)
    y = (generator.random(400) < 0.1).astype("float32")
    x = (generator.normal(size=(400, 2)) + 3 * y[:, None]).astype("float32")
    made = {
        "cost": CostSensitiveLoss([[0, 1], [9, 0]]),
        "balanced": ClassBalancedLoss(class_balanced_weights(y)),
    }[loss]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Input((2,)), layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.1), made)
    fit(model, x, y, batch=100, epochs=15)
    p = model.predict(x, verbose=0)[:, 0]
    rank = (p[y == 1][:, None] > p[y == 0]).mean()
    assert rank > 0.95
    decided = cheapest_class(p[:, None], [[0, 1], [9, 0]])
    assert (decided[y == 1] == 1).mean() > 0.8


LOSSES = [
    lambda **a: ClassBalancedLoss([1.0, 2.0, 3.0], **a),
    lambda **a: CostSensitiveLoss(1.0 - np.eye(3), **a),
]


@pytest.mark.parametrize("make", LOSSES)
@pytest.mark.parametrize(
    ("labels", "width", "message"),
    [
        ([0, 1], 2, r"made for 3 classes, so the output must have 3 units; got .*2\)"),
        ([0, 1], 4, r"made for 3 classes"),
        ([0, 1], 1, r"made for 3 classes"),
        (np.eye(3)[:2], 3, r"one-hot labels\? np\.argmax"),
        ([0, 1, 2], 3, r"of shape \(2,\); got the shape \(3,\)"),
        ([0, 3], 3, r"labels from 0 to 2; got 3"),
        ([0, -1], 3, r"labels from 0 to 2; got -1"),
        ([0, 0.5], 3, r"labels from 0 to 2; got 0\.5"),
        ([0, np.nan], 3, r"labels from 0 to 2; got nan"),
        (["a", "b"], 3, r"class numbers from 0"),
    ],
)
def test_what_does_not_fit_gets_one_sentence(make, labels, width, message):
    predictions = np.full((2, width), 1 / width, "float32")
    with pytest.raises(ValueError, match=message) as caught:
        make()(np.array(labels), predictions)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("make", LOSSES)
def test_logits_taken_for_probabilities_get_one_sentence(make):
    with pytest.raises(ValueError, match=r"probabilities, .*from_logits=True"):
        make()(np.array([0, 1]), np.array([[2.0, -1.0, 0.5]] * 2, "float32"))
    make(from_logits=True)(np.array([0, 1]), np.array([[2.0, -1.0, 0.5]] * 2))


@pytest.mark.parametrize("make", LOSSES)
@pytest.mark.parametrize("label", [3, -1, 0.5])
def test_a_label_out_of_range_is_no_number_or_an_error_in_a_compiled_step(make, label):
    model = keras.Sequential([layers.Input((2,)), layers.Dense(3, "softmax")])
    model.compile("sgd", make())
    y = np.array([0, 1, 2, label], "float32")
    if BACKEND == "jax":
        assert np.isnan(fit(model, np.ones((4, 2)), y)["loss"][0])
        return
    with pytest.raises(Exception, match="labels from 0 to 2"):
        fit(model, np.ones((4, 2)), y)


@pytest.mark.parametrize("make", LOSSES)
@pytest.mark.parametrize("ignored", [-1, 255])
def test_an_ignored_class_counts_as_in_keras(make, ignored):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, (2, 4, 5))
    p = generator.dirichlet(np.ones(3), (2, 4, 5)).astype("float32")
    plain = make(reduction="none")(labels, p)
    holes = generator.random((2, 4, 5)) < 0.3
    with_holes = np.where(holes, ignored, labels)
    got = numpy(make(ignore_class=ignored)(with_holes, p))
    np.testing.assert_allclose(got, numpy(plain)[~holes].mean(), rtol=1e-5)
    keras_own = keras.losses.SparseCategoricalCrossentropy(ignore_class=ignored)
    ours = ClassBalancedLoss([1.0, 1.0, 1.0], ignore_class=ignored)
    np.testing.assert_allclose(
        numpy(ours(with_holes, p)), numpy(keras_own(with_holes, p)), rtol=1e-5
    )


@pytest.mark.parametrize("make", LOSSES)
def test_saved_losses_come_back(make):
    loss = make(ignore_class=7, from_logits=True)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    copy = keras.saving.deserialize_keras_object(config)
    assert copy.get_config() == loss.get_config()
    # The name under which versions saved them in which they belonged to `callbacks`.
    assert config["registered_name"] == f"callbacks>{type(loss).__name__}"


def test_class_weights_of_labels_as_tables_have_them():
    expected = {0: 2 / 3, 1: 2.0}
    for labels in (
        [0, 0, 0, 1],
        [0.0, 0.0, 0.0, 1.0],
        [False, False, False, True],
        np.array([0, 0, 0, 1], "uint8"),
        np.array([0, 0, 0, 1], object),
        np.array([[0, 0], [0, 1]]),
    ):
        assert class_balanced_weights(labels) == pytest.approx(expected)
    holes = [0, 255, 0, 0, 1, 255]
    got = class_balanced_weights(holes, ignore_class=255)
    assert got == pytest.approx(expected)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["no", "yes"], r"np\.unique\(labels, return_inverse=True\)"),
        (["-1", "1"], r"np\.unique"),
        (np.array(["a", 1], object), r"np\.unique"),
        ([-1, 1, 1], r"got -1"),
        ([0, 1, np.nan], r"array of integers; got nan"),
        ([0, 0.5], r"array of integers; got 0\.5"),
        (np.eye(3)[[0, 1, 1, 2]].astype(int), r"one-hot rows .*np\.argmax|np\.argmax"),
        ([], r"non-empty"),
        ([0, 2], r"none of class \[1\]"),
    ],
)
def test_class_weights_refuse_what_is_no_label(labels, message):
    with pytest.raises(ValueError, match=message):
        class_balanced_weights(labels)


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([[0.2, 0.3, 0.5]], "must end in 2 classes"),
        ([[2.0, -1.0]], "numbers from 0 to 1; got 2"),
        ([[np.nan, 0.5]], "got nan"),
    ],
)
def test_decisions_refuse_what_is_no_probability(p, message):
    with pytest.raises(ValueError, match=message):
        cheapest_class(p, COSTS)
    assert cheapest_class([[0.05], [0.2]], COSTS).tolist() == [0, 1]


@pytest.mark.parametrize("costs", [[["a", "b"], ["c", "d"]], [[0, 1], [1]], [[0, 1]]])
def test_costs_are_a_square_of_numbers(costs):
    with pytest.raises(ValueError, match="costs must be a square matrix"):
        CostSensitiveLoss(costs)


def test_labels_and_predictions_in_lists_and_objects():
    costs = [[0, 1], [9, 0]]
    loss = CostSensitiveLoss(costs)
    for labels in ([1, 0], np.array([1, 0], object), np.array([True, False])):
        # (9 * 0.9 + 1 * 0.2) / 2
        got = float(numpy(loss(labels, [[0.9, 0.1], [0.8, 0.2]])))
        assert got == pytest.approx(4.15)


@pytest.mark.parametrize(("dtype", "classes"), [("bfloat16", 258), ("float16", 2050)])
def test_a_loss_whose_type_rounds_its_labels_is_refused(dtype, classes):
    weights = np.ones(classes)
    weights[-1] = 9.0
    with pytest.raises(ValueError, match=f"there is the label {classes - 1}"):
        ClassBalancedLoss(weights, from_logits=True, dtype=dtype)
    with pytest.raises(ValueError, match="there is the label 4001"):
        ClassBalancedLoss([1, 1], ignore_class=-4001, dtype=dtype)
    loss = ClassBalancedLoss(weights[1:], from_logits=True, dtype=dtype)
    got = numpy(ops.cast(loss([classes - 2], np.zeros((1, classes - 1))), "float32"))
    assert float(got) == pytest.approx(9 * np.log(classes - 1), rel=1e-2)


def test_costs_that_prefer_no_decision_are_refused():
    for costs in (np.zeros((2, 2)), [[1, 1], [3, 3]]):
        with pytest.raises(ValueError, match="different within a row"):
            CostSensitiveLoss(costs)
        CostSensitiveLoss(costs, mix=0.5)  # cross-entropy is left


def test_labels_that_are_numbers_of_something_else_are_refused_at_once():
    with pytest.raises(ValueError, match=r"none of class \[1, 2, .* and more\.$"):
        class_balanced_weights([0, 10**18])
    with pytest.raises(ValueError, match=r"none of class \[0, 3\]\.$"):
        class_balanced_weights([1, 2, 4])
    hidden = np.ma.masked_array([0, 0, 1, 0], [0, 0, 0, 1])
    with pytest.raises(ValueError, match="without masked entries"):
        class_balanced_weights(hidden)
    got = class_balanced_weights(hidden.compressed())
    assert got == pytest.approx({0: 0.75, 1: 1.5})
    with pytest.raises(ValueError, match="weights must be a dict or a sequence"):
        ClassBalancedLoss(np.array(2.0))
