"""training_report: six fields of any `fit`, in numbers counted by hand."""

import keras
import numpy as np
import pytest

from callbacks import training_report


def trained(callbacks=(), **arguments):
    """A small model after `fit`: its history."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(24, 3)).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model.fit(
        x[:16], x[:16, :1], verbose=0, callbacks=list(callbacks), **arguments
    ), (x[16:], x[16:, :1])


def with_validation(callbacks=(), **arguments):
    _, held_out = trained(epochs=1)
    return trained(callbacks, validation_data=held_out, **arguments)[0]


def test_six_fields_by_hand():
    losses = {"loss": [3.0, 2.0, 1.5, 1.2], "val_loss": [2.0, 1.0, 1.0, 1.4]}
    report = training_report(losses)
    assert (report.loss, report.epochs) == (1.2, 4)
    assert (report.best_loss, report.best_epoch) == (1.0, 2)  # the first of two
    assert report.validation_curve.tolist() == [[1, 2.0], [2, 1.0], [3, 1.0], [4, 1.4]]
    assert report.training_curve.tolist() == [[1, 3.0], [2, 2.0], [3, 1.5], [4, 1.2]]
    assert str(report) == (
        "Epochs: 4. Training loss: 1.2. Least validation loss: 1, in epoch 2."
    )


def test_a_history_of_fit_and_its_mapping_give_the_same():
    history = with_validation(epochs=3)
    report = training_report(history)
    assert report.training_curve[:, 1].tolist() == history.history["loss"]
    assert report.validation_curve[:, 1].tolist() == history.history["val_loss"]
    again = training_report(history.history)
    assert str(again) == str(report)


def test_the_epoch_is_the_one_that_keras_names(tmp_path):
    keep = keras.callbacks.ModelCheckpoint(
        tmp_path / "{epoch}.weights.h5", save_best_only=True, save_weights_only=True
    )
    stop = keras.callbacks.EarlyStopping(patience=10)
    report = training_report(with_validation([keep, stop], epochs=4))
    kept = max(int(path.name.split(".")[0]) for path in tmp_path.glob("*.h5"))
    assert report.best_epoch == kept == stop.best_epoch + 1


def test_epochs_are_numbered_as_fit_numbers_them():
    report = training_report(with_validation(initial_epoch=3, epochs=5))
    assert report.epochs == 2
    assert report.training_curve[:, 0].tolist() == [4, 5]
    assert report.validation_curve[:, 0].tolist() == [4, 5]


@pytest.mark.parametrize(
    ("frequency", "validated"), [(2, [2, 4]), ([1, 5], [1, 5]), (1, [1, 2, 3, 4, 5])]
)
def test_validation_after_some_epochs(frequency, validated):
    history = with_validation(epochs=5, validation_freq=frequency)
    report = training_report(history, validation_freq=frequency)
    assert report.validation_curve[:, 0].tolist() == validated
    assert report.epochs == 5
    assert report.best_epoch in validated


def test_losses_that_are_not_numbers_are_no_best():
    nan = float("nan")
    report = training_report({"loss": [1.0, nan], "val_loss": [nan, 0.5]})
    assert report.best_epoch == 2
    assert np.isnan(report.loss)
    with pytest.raises(ValueError, match="all are NaN"):
        training_report({"loss": [1.0], "val_loss": [nan]})


def test_a_history_without_validation_says_what_to_give_fit():
    history, _ = trained(epochs=1)
    with pytest.raises(ValueError, match="no 'val_loss': give fit validation_data"):
        training_report(history)


@pytest.mark.parametrize(
    ("history", "frequency", "message"),
    [
        ({}, 1, "no epoch with a 'loss'"),
        ({"loss": [], "val_loss": []}, 1, "no epoch with a 'loss'"),
        ([1.0, 2.0], 1, "what fit returns"),
        ({"loss": 1.0}, 1, r"history\['loss'\] must be one number an epoch; got 1.0"),
        ({"loss": [[1.0]]}, 1, r"history\['loss'\] must be one number an epoch"),
        ({"loss": [1.0], "val_loss": ["a"]}, 1, r"history\['val_loss'\] must be one"),
        ({"loss": [1.0, 2.0], "val_loss": [1.0]}, 1, "1 validation losses where"),
        ({"loss": [1.0], "val_loss": [1.0]}, 0, "an integer of at least 1"),
        ({"loss": [1.0], "val_loss": [1.0]}, True, "an integer or epochs"),
        ({"loss": [1.0], "val_loss": [1.0]}, "1", "an integer or epochs"),
    ],
)
def test_what_makes_no_report(history, frequency, message):
    with pytest.raises(ValueError, match=message):
        training_report(history, validation_freq=frequency)


def test_the_picture_has_both_curves_and_the_best_epoch():
    report = training_report({"loss": [3.0, 2.0], "val_loss": [1.0, 2.0]})
    (axes,) = report.plot().axes
    training, validation, best = axes.get_lines()
    assert list(training.get_ydata()) == [3.0, 2.0]
    assert list(validation.get_xdata()) == [1, 2]
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (1, 1.0)
