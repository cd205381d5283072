"""A study trains as a new model does, whatever it trained before."""

from functools import partial

import keras
import numpy as np
import pytest

from recipes.lab import LabError, fit, reseed
from recipes.lab.data.sets import Dataset
from recipes.lab.training.compiled import KEPT
from recipes.lab.training.scores import ROWS, Scores
from recipes.lab.training.study import Study

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int32") + (X[:, 1] > 0)
NEW_X = RNG.normal(size=(30, 4)).astype("float32")
NEW_Y = (NEW_X[:, 0] > 0).astype("int32") + (NEW_X[:, 1] > 0)
DATA = Dataset("made", X, Y, NEW_X, NEW_Y, 3, "")
CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
MOMENTUM = {"class_name": "SGD", "config": {"momentum": 0.9}}
BUDGET = {"epochs": 3, "batch_size": 16}


def build(input_shape, units=5, dropout=0.0, outputs=3):
    layers = [keras.Input(input_shape), keras.layers.Dense(units, "relu")]
    layers += [keras.layers.Dropout(dropout)] if dropout else []
    return keras.Sequential([*layers, keras.layers.Dense(outputs, dtype="float32")])


def weights_of(model):
    return [weight.tolist() for weight in model.get_weights()]


def trained(study, seed=1, **settings):
    return study.train(DATA, seed, measure=weights_of, **{**BUDGET, **settings})


def cross_entropy(weights, x, y):
    """Mean loss and accuracy of the network above, in double precision."""
    kernel, bias, last, offset = (np.array(weight, float) for weight in weights)
    logits = np.maximum(x.astype(float) @ kernel + bias, 0) @ last + offset
    logits -= logits.max(1, keepdims=True)
    losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(y)), y]
    return losses.mean(), (logits.argmax(1) == y).mean()


@pytest.fixture(scope="module")
def study():
    return Study(build, CROSS_ENTROPY, metrics=["accuracy"])


def test_numbers_are_those_of_a_new_model_and_fit(study):
    trained(study, seed=5, network={"dropout": 0.4})
    run = trained(study, network={"dropout": 0.4}, optimizer="adam", learning_rate=0.02)
    reseed(1)
    model = build((4,), dropout=0.4)
    model.compile(keras.optimizers.Adam(0.02), CROSS_ENTROPY, metrics=["accuracy"])
    from recipes.lab import Restart

    Restart(model)()  # the seed's own random layers
    history = fit(model, X, Y, seed=1, **BUDGET).history
    assert run["measured"] == weights_of(model)
    assert {name: run["history"][name] for name in history} == history
    assert run["diverged"] is None


def test_what_ran_between_changes_nothing(study):
    settings = {"network": {"units": 7}, "optimizer": MOMENTUM}
    first = trained(study, **settings)
    trained(study, seed=2, **settings, learning_rate=0.5)
    trained(study, **settings, learning_rate=1e30)
    trained(study, network={"units": 6}, epochs=1)
    assert trained(study, **settings) == first
    assert trained(study, seed=2, **settings) != first


def test_a_training_that_broke_off_leaves_nothing(study):
    class Interrupted(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    first = trained(study)
    with pytest.raises(KeyboardInterrupt):
        trained(study, callbacks=[Interrupted()])
    assert trained(study) == first


def test_each_architecture_optimizer_and_shape_has_its_network():
    built = []

    def counted(input_shape, units):
        built.append((input_shape, units))
        return build(input_shape, units)

    study = Study(counted, CROSS_ENTROPY)
    assert not built

    def counts(units, columns, optimizer=None):
        model = study.start(
            (X[:, :columns], Y), 0, network={"units": units}, optimizer=optimizer
        )
        return model.count_params(), len(model.optimizer.variables)

    for _ in range(2):
        # Parameters: (columns + 1) units + 3 (units + 1). SGD's variables: steps and
        # rate; momentum adds one for each of four weights.
        assert counts(2, 4) == (19, 2)
        assert counts(2, 4, MOMENTUM) == (19, 6)
        assert counts(5, 4) == (43, 2)
        assert counts(5, 3) == (38, 2)
    assert len(built) == 4
    study.start((X, Y), 0, network={"units": np.int64(2)})  # equal content
    assert len(built) == 4


def test_only_so_many_networks_are_kept():
    built = []

    def counted(input_shape, name):
        built.append(name)
        return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(1)])

    study = Study(counted, "mse")
    for name in [*range(KEPT + 1), KEPT, 1, 0]:  # 0 gave way to the last one
        study.start((X, Y), 0, network={"name": name})
    assert built == [*range(KEPT + 1), 0]


def test_nothing_is_built_before_it_is_used():
    def never(*arguments):
        raise AssertionError

    Study(never, CROSS_ENTROPY, optimizer=never, metrics=[never])


def test_optimizers_and_metrics_are_made_when_they_are_needed():
    study = Study(
        partial(build, outputs=1),
        keras.losses.BinaryCrossentropy(from_logits=True),
        partial(keras.optimizers.SGD, 0.25),
        [partial(keras.metrics.BinaryAccuracy, threshold=0.0)],
    )
    data = X, (X[:, :1] > 0).astype("float32")

    def measure(model):
        rate = float(model.optimizer.learning_rate)
        right = (keras.ops.convert_to_numpy(model(X)) > 0) == (data[1] > 0)
        return rate, float(right.mean())

    run = study.train(data, 0, **BUDGET, measure=measure, score_training=True)
    assert run["measured"] == [0.25, pytest.approx(run["training_binary_accuracy"])]
    assert "held_out_loss" not in run


def test_scores_are_those_of_the_trained_weights(study):
    run = trained(study, score_training=True)
    for name, x, y in (("training", X, Y), ("held_out", NEW_X, NEW_Y)):
        loss, accuracy = cross_entropy(run["measured"], x, y)
        assert run[f"{name}_loss"] == pytest.approx(loss, rel=1e-5)
        assert run[f"{name}_accuracy"] == pytest.approx(accuracy, rel=1e-6)
    assert sorted(run["history"]) == ["accuracy", "loss"]


def test_many_rows_are_scored_as_few_are(study):
    many = np.tile(NEW_X, (ROWS // 30 + 1, 1)), np.tile(NEW_Y, ROWS // 30 + 1)
    few = trained(study)
    run = trained(study, held_out=many)
    for name in ("held_out_loss", "held_out_accuracy"):
        assert run[name] == pytest.approx(few[name], rel=1e-5)


def test_many_rows_are_scored_as_keras_evaluates_them():
    """Also by a metric that is no mean over rows, and of inputs by name."""
    inputs = {"a": keras.Input((2,), name="a"), "b": keras.Input((1,), name="b")}
    joined = keras.layers.Concatenate()([inputs["a"], inputs["b"]])
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(joined))
    model.compile("sgd", "binary_crossentropy", metrics=[keras.metrics.AUC(name="auc")])
    rng = np.random.default_rng(0)
    x = {name: rng.normal(size=(2 * ROWS + 90, width)).astype("float32")
         for name, width in (("a", 2), ("b", 1))}  # fmt: skip
    y = (x["b"] + rng.normal(size=x["b"].shape) > 0).astype("float32")
    wanted = model.evaluate(x, y, batch_size=ROWS, verbose=0, return_dict=True)
    scores = Scores({"all": (x, y)}, set(), 1e9, stops=False)
    scores.set_model(model)
    for _ in range(2):  # what the first one added up is not in the second
        found = scores.of(model)
        assert found == {f"all_{name}": pytest.approx(v) for name, v in wanted.items()}


def test_scores_at_chosen_epochs_are_those_of_shorter_trainings(study):
    class Seen(keras.callbacks.Callback):
        losses = []

        def on_epoch_end(self, epoch, logs=None):
            self.losses.append((logs or {}).get("held_out_loss"))

    run = trained(study, epochs=4, score_epochs=[2, 4], callbacks=[Seen()])
    short = trained(study, epochs=2)
    expected = [short["held_out_loss"], run["held_out_loss"]]
    assert run["history"]["held_out_loss"] == expected
    assert Seen.losses == [None, expected[0], None, expected[1]]
    assert len(run["history"]["loss"]) == 4


def test_weights_given_are_where_training_starts(study):
    def ones(model):
        return [np.ones(weight.shape) for weight in model.weights]

    run = trained(study, weights=ones, learning_rate=0)
    assert run["measured"] == [np.ones(s).tolist() for s in ((4, 5), 5, (5, 3), 3)]
    assert run["held_out_loss"] == pytest.approx(Study.loss_of_guessing(3), rel=1e-6)
    assert weights_of(study.start(DATA, 1)) == weights_of(study.start(DATA, 1))
    assert weights_of(study.start(DATA, 1)) != weights_of(study.start(DATA, 2))


def test_a_function_of_the_weights_sees_drawn_ones(study):
    """Not those that a training before it has left."""
    seen = []

    def start(model):
        seen.append([weight.copy() for weight in model.get_weights()])
        return model.get_weights()

    for _ in range(2):
        trained(study, weights=start)
    for first, second in zip(*seen, strict=True):
        np.testing.assert_array_equal(first, second)


def test_divergence_is_bounded(study):
    settings = {"learning_rate": 1e30, "score_epochs": [2, 5], "epochs": 5}
    run = trained(study, **settings, largest=10.0)
    assert run["diverged"] == 1
    history = run["history"]
    assert history["loss"] == [10.0] * 5
    assert history["accuracy"] == pytest.approx([1 / 3] * 5)
    assert history["held_out_loss"] == [10.0] * 2
    assert (run["held_out_loss"], run["held_out_accuracy"]) == (10.0, 1 / 3)
    assert trained(study, **settings)["held_out_loss"] == Study.LARGEST_LOSS
    with pytest.raises(LabError, match=r"diverged.*epoch 1 of 5"):
        trained(study, **settings, on_divergence="raise")


def test_a_divergence_in_the_last_step_is_seen():
    study = Study(build, "mse")
    data = X, np.full((60, 3), 100, "float32")
    run = study.train(
        data, 0, epochs=1, batch_size=60, learning_rate=3e38, score_training=True
    )
    assert run["history"]["loss"][0] < 2e4  # before the only step
    assert run["diverged"] == 1
    assert run["training_loss"] == Study.LARGEST_LOSS


def test_a_loss_too_large_for_its_type_is_no_end_where_weights_are_finite():
    study = Study(build, "mse", metrics=["mae"])
    data = X, np.full((60, 3), 1e30, "float32")
    run = study.train(data, 0, epochs=2, batch_size=60, learning_rate=0.0)
    assert run["history"]["loss"] == [Study.LARGEST_LOSS] * 2
    assert run["history"]["mae"] == pytest.approx([1e30] * 2)
    assert run["diverged"] == 1


def test_a_callback_may_stop(study):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    run = trained(study, epochs=9, callbacks=[Stop()])
    assert len(run["history"]["loss"]) == 2
    assert run["measured"] == trained(study, epochs=2)["measured"]


def test_several_inputs_and_outputs():
    def two(input_shape):
        inputs = {n: keras.Input(shape, name=n) for n, shape in input_shape.items()}
        joined = keras.layers.Concatenate()(list(inputs.values()))
        heads = {n: keras.layers.Dense(1, name=n)(joined) for n in ("one", "two")}
        return keras.Model(inputs, heads)

    study = Study(two, {"one": "mse", "two": "mse"}, loss_weights={"one": 1, "two": 0})
    x, y = {"a": X[:, :1], "b": X[:, 1:]}, {"one": X[:, :1], "two": X[:, 1:2]}
    run = study.train((x, y), 0, **BUDGET, held_out=(x, y), learning_rate=0.1)
    assert run["held_out_loss"] == pytest.approx(run["held_out_one_loss"])
    assert run["held_out_two_loss"] > run["held_out_one_loss"] > 0
    lost = study.train((x, y), 0, **BUDGET, learning_rate=1e30)
    assert lost["history"]["one_loss"] == [Study.LARGEST_LOSS] * 3


def test_a_precision_has_its_own_network(study):
    def measure(model):
        return [model.layers[0].compute_dtype, str(model.weights[0].dtype)]

    before = trained(study)
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        mixed = study.train(DATA, 1, **BUDGET, measure=measure)
    finally:
        keras.config.set_dtype_policy("float32")
    assert mixed["measured"] == ["bfloat16", "float32"]
    assert mixed["history"]["loss"] != before["history"]["loss"]
    assert trained(study) == before


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="JAX has no float64 by default; Keras's losses on PyTorch give float32",
)
def test_a_loss_computes_in_the_floatx_of_the_training():
    def double(input_shape):
        layers = [keras.layers.Dense(5, "relu"), keras.layers.Dense(3)]
        return keras.Sequential([keras.Input(input_shape), *layers])

    study = Study(double, CROSS_ENTROPY)
    try:
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        run = trained(study)
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
    loss, _ = cross_entropy(run["measured"], NEW_X, NEW_Y)
    assert run["held_out_loss"] == pytest.approx(loss, rel=1e-12)


WRONG = {
    "unit": {"network": {"unit": 3}},
    "plain data": {"network": {"units": object()}},
    "'sdg'": {"optimizer": "sdg"},
    "momentm": {"optimizer": {"class_name": "SGD", "config": {"momentm": 0.9}}},
    "from 0, not -1": {"learning_rate": -1},
    "from 0, not nan": {"learning_rate": float("nan")},
    "score_epochs holds 4": {"score_epochs": [1, 4]},
    "held_out: y holds labels": {"held_out": (NEW_X, NEW_Y + 1)},
    "held_out: data must be": {"held_out": (NEW_X,)},
    "epochs must be": {"epochs": 0},
    "measure returns": {"measure": lambda model: model},
}


@pytest.mark.parametrize("words", WRONG)
def test_what_cannot_be_done_is_one_sentence(study, words):
    with pytest.raises(LabError, match=words) as caught:
        study.train(DATA, 0, **{**BUDGET, **WRONG[words]})
    assert "\n" not in str(caught.value)


def test_studies_that_cannot_be(study):
    def compiled(input_shape):
        model = build(input_shape)
        model.compile("sgd", "mse")
        return model

    logits = keras.losses.BinaryCrossentropy(from_logits=True)
    for words, made, data in (
        ("not an object of SGD",
         lambda: Study(build, "mse", keras.optimizers.SGD()), DATA),
        ("not compiled", lambda: Study(compiled, "mse"), DATA),
        ("keras.Model", lambda: Study(lambda shape: None, "mse"), DATA),
        ("threshold=0.0", lambda: Study(partial(build, outputs=1), logits,
                                        metrics=["accuracy"]), DATA),
        ("not this list", lambda: study, [X, Y]),
        ("not this tuple", lambda: study, (X, Y, Y)),
    ):  # fmt: skip
        with pytest.raises(LabError, match=words):
            made().start(data, 0)


def test_a_schedule_of_the_optimizer_leaves_no_learning_rate_to_set():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 9)
    study = Study(build, CROSS_ENTROPY, partial(keras.optimizers.SGD, schedule))
    assert study.train(DATA, 0, **BUDGET)["diverged"] is None
    with pytest.raises(LabError, match="schedule of its own"):
        study.start(DATA, 0, learning_rate=0.1)
