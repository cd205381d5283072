"""The early_stopping recipe: Keras's rule on records, counted by hand."""

import keras
import numpy as np
import pytest

from recipes.generalization.early_stopping import (
    curves,
    monitors,
    records,
    rules,
    worth,
)
from recipes.lab import stats
from recipes.lab.testing import RecordingLab
from tests.recipes.running import run


@pytest.mark.parametrize(
    ("flag", "message"), [("--epochs=8", "9 to 1000"), ("--seeds=0", "1")]
)
def test_settings_out_of_range(recipes_run, flag, message):
    assert message in recipes_run("early_stopping", flag, code=2)


@pytest.mark.parametrize(
    ("losses", "rule", "expected"),
    [
        ((1, 0.9, 0.8, 0.85, 0.9, 0.95, 0.1), {}, (4, 3)),
        ((1, 0.9, 0.8, 0.85, 0.9, 0.95, 0.1), {"patience": 1}, (4, 3)),
        ((1, 0.9, 0.8, 0.85, 0.9, 0.95, 0.1), {"patience": 3}, (6, 3)),
        ((1, 0.8, 0.8, 0.8, 0.8, 0.1), {"patience": 3}, (5, 2)),
        ((1, 0.99, 0.98, 0.97, 0.96), {"patience": 3, "min_delta": 0.05}, (4, 1)),
        ((1, 0.9, 0.8), {"patience": 3}, (3, 3)),
        ((0.1, 0.5, 0.4, 0.9), {"mode": "max"}, (3, 2)),
    ],
)
def test_where_a_record_stops_by_hand(losses, rule, expected):
    assert rules.stop(losses, **rule) == expected


def test_a_record_stops_where_the_training_would_have():
    x = np.linspace(-1, 1, 32, dtype="float32")[:, None]

    def history(callbacks):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(1.2), "mse")  # too fast: it jumps
        validation = {"validation_data": (x[:8], x[:8] ** 2)}
        return model.fit(
            x, x**2, epochs=12, batch_size=8, shuffle=False, verbose=0,
            callbacks=callbacks, **validation,
        ).history["val_loss"]  # fmt: skip

    whole = history([])
    for patience in (0, 2):
        stopping = keras.callbacks.EarlyStopping(patience=patience)
        ran = len(history([stopping]))
        assert rules.stop(whole, patience=patience) == (ran, stopping.best_epoch + 1)


def test_exact_conditions(tmp_path):
    result = run(tmp_path, "early_stopping/rules", "--smoke")
    claims = {entry["id"]: entry for entry in result["claims"]}
    patience = claims["es-patience"]
    assert len(patience["holds"]) == 3
    assert patience["verdict"] == "not judged"
    assert patience["fails"] == []
    assert patience["numbers"]["flat"] == 3
    assert patience["numbers"]["none"] == patience["numbers"]["one"]
    assert claims["es-min-delta"]["fails"] == []
    assert (
        claims["es-min-delta"]["numbers"]["epochs"]["one small step, patience 3"] == 6
    )


def test_which_weights_are_kept(tmp_path):
    result = run(tmp_path, "early_stopping/records", "--smoke")
    claims = {entry["id"]: entry for entry in result["claims"]}
    assert len(claims["monitor-curves"]["holds"]) == 6
    kept = claims["ckpt-save-best"]
    assert "ModelCheckpoint(save_best_only=True)" in kept["holds"]
    assert "EarlyStopping(restore_best_weights=True)" in kept["holds"]


def test_slopes_of_the_last_third_by_hand():
    """Nine epochs: the last three rise by 2 each, whatever came before."""
    run = {"loss": [9.0, 0.0, 5.0, 1.0, 7.0, 3.0, 2.0, 4.0, 6.0]}
    assert curves.slopes([run], "loss") == pytest.approx([2.0])


def test_measures_at_an_epoch():
    runs = [{"loss": [1.0, 2.0, 3.0]}, {"loss": [4.0, 5.0, 6.0]}]
    assert worth.at(runs, "loss", 3).tolist() == [3.0, 6.0]
    assert monitors.at(runs, "loss", [1, 2]).tolist() == [1.0, 5.0]


def test_work_counts_validation():
    """200 validation rows beside 1,000 to learn from: a fifteenth more an epoch."""
    assert worth.work("a linear classifier", 60) == pytest.approx(64)
    assert worth.work("two speeds", 30) == pytest.approx(40)


def test_the_model_of_two_speeds_falls_rises_and_falls():
    lab = RecordingLab("early_stopping", seeds=3, epochs=60)
    runs = curves.records(lab, "two speeds")
    loss = stats.column(runs, "loss")
    assert loss.shape == (3, 3000)
    # A rate below 2 over the steepest slope: gradient descent can only go down.
    assert (np.diff(loss) <= 1e-12).all()
    test = stats.column(runs, "test_loss").mean(0)
    assert test[:1500].max() > 1.2 * test[:50].min()
    assert test[-1] < 0.5 * test[:50].min()


def test_a_record_has_every_epoch():
    lab = RecordingLab("early_stopping", smoke=True, seeds=1)
    (seen,) = curves.records(lab, "right labels")
    epochs = lab.settings.epochs
    assert {len(values) for values in seen.values()} == {epochs}
    assert worth.stopped(lab, "right labels", 3)["end"] == seen["test_loss"][-1]
    data = lab.data()
    sizes = [
        len(part[0]) for part in records.rows_of({"rows": 300, "wrong": 0}, 0, data)
    ]
    assert sizes == [300, 200, 1297]
