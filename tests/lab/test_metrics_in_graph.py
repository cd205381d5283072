"""Many epochs: metrics are reset and read as Keras does it, at the end of each."""

import keras
import numpy as np
import pytest

from recipes.lab import Study, fit
from zoo import mlp

EPOCHS = 60  # more than enough that graphs stand for Keras's own calls
RNG = np.random.default_rng(7)
X = RNG.random((50, 6), dtype="float32")
Y = RNG.integers(0, 3, 50)


def compiled(rate: float = 0.0, metrics=("accuracy",)) -> keras.Model:
    model = mlp((6,), 3, units=(5,))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(rate), loss, metrics=[*metrics])
    return model


def trained(model: keras.Model, **arguments) -> dict:
    how = {"batch_size": 8, "epochs": EPOCHS, "seed": 0, **arguments}
    return fit(model, X, Y, **how).history


class ReadByKeras(keras.callbacks.Callback):
    """Reads the metrics at the ends of epochs as Keras does."""

    def __init__(self):
        super().__init__()
        self.read = []

    def on_epoch_end(self, epoch, logs=None):
        found = keras.Model.get_metrics_result(self.model)
        self.read.append({name: float(value) for name, value in found.items()})


def test_logs_are_what_keras_reads():
    reads = ReadByKeras()
    history = trained(compiled(0.1), callbacks=[reads])
    for name in ("loss", "accuracy"):
        assert history[name] == [row[name] for row in reads.read]
    assert len({*history["loss"]}) == EPOCHS


def test_every_epoch_and_validation_counts_alone():
    history = trained(compiled(), shuffle=False, validation_data=(X, Y))
    assert len({*history["loss"]}) == 1
    assert len({*history["val_accuracy"]}) == 1
    assert history["val_loss"][-1] == pytest.approx(history["loss"][0], rel=1e-5)


def test_a_metric_of_ones_own_is_reset_by_its_own_code():
    class Counting(keras.metrics.Mean):
        resets = 0

        def update_state(self, y_true, y_pred, sample_weight=None):
            return super().update_state(keras.ops.max(y_pred))

        def reset_state(self):
            Counting.resets += 1
            super().reset_state()

    model = compiled(metrics=[Counting(name="most")])
    trained(model)
    assert Counting.resets >= EPOCHS


def test_a_model_that_resets_its_metrics_itself_goes_on_to():
    class Own(keras.Model):
        resets = 0

        def reset_metrics(self):
            Own.resets += 1
            super().reset_metrics()

    inner = compiled()
    model = Own(inner.inputs, inner.outputs)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    trained(model)
    assert Own.resets >= EPOCHS


def test_metrics_that_are_compiled_anew_are_read_anew():
    model = compiled()
    trained(model)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    three = keras.metrics.SparseTopKCategoricalAccuracy(3, name="three")
    model.compile("sgd", loss, metrics=["accuracy", three])
    history = trained(model, shuffle=False)
    assert {*history} == {"loss", "accuracy", "three"}
    assert {*history["three"]} == {1.0}


def test_after_fit_the_model_has_its_own_methods():
    model = compiled()
    trained(model)
    assert not {"reset_metrics", "get_metrics_result"} & {*vars(model)}
    assert np.isfinite(model.evaluate(X, Y, verbose=0)).all()


def test_scores_of_a_study_are_those_of_evaluate():
    """Taken at the end of every epoch, with weights that stay as they are."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    study = Study(mlp, loss, "sgd", metrics=["accuracy"])
    network = {"num_classes": 3, "units": [5]}
    run = study.train(
        (X, Y), 3, epochs=EPOCHS, batch_size=8, learning_rate=0.0, network=network,
        held_out=(X[:20], Y[:20]), score_epochs=range(1, EPOCHS + 1),
    )  # fmt: skip
    model = study.start((X, Y), 3, learning_rate=0.0, network=network)
    expected = model.evaluate(X[:20], Y[:20], verbose=0, return_dict=True)
    for name in ("loss", "accuracy"):
        scores = run["history"][f"held_out_{name}"]
        assert len({*scores}) == 1
        assert scores[0] == pytest.approx(expected[name], rel=1e-5)
