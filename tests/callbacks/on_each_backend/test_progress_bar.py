"""What is logged is seen by every logger, in one order, and can be left off the bar."""

import csv

import keras
import pytest

from callbacks import (
    AdaptiveGradientClipping,
    AutoClip,
    GradientClipping,
    GradientNorms,
    LossWeightSchedule,
    NoisySampleWeighting,
    UncertaintyWeighting,
)
from tests.callbacks.helpers import data, dense, fit

MAKERS = {
    "grad_norm": GradientNorms,
    "clip_limit": lambda **a: GradientClipping(1.0, **a),
    "autoclip_limit": AutoClip,
    "agc_limit": AdaptiveGradientClipping,
    "loss_weight/out": lambda **a: LossWeightSchedule({"out": 1.0}, **a),
    "sigma/out": UncertaintyWeighting,
    "kept_share": lambda **a: NoisySampleWeighting(0.5, **a),
}


@pytest.mark.parametrize("key", MAKERS)
def test_keys_can_be_kept_out_of_the_progress_bar(key, capsys):
    for shown in (True, False):
        callback = MAKERS[key](progress_bar=shown)
        history = dense(run_eagerly=True).fit(
            *data(8), epochs=2, verbose=2, batch_size=4, callbacks=[callback]
        )
        printed = capsys.readouterr().out
        assert (f"{key}:" in printed) == shown
        assert "loss:" in printed
        assert len(history.history[key]) == 2


def test_keys_of_batches_can_be_kept_out_of_the_progress_bar(capsys):
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append("grad_norm" in logs)
    )
    for shown in (True, False):
        norms = GradientNorms(log_every="batch", progress_bar=shown)
        dense(run_eagerly=True).fit(
            *data(8), verbose=1, batch_size=4, callbacks=[norms, watch]
        )
        assert ("grad_norm" in capsys.readouterr().out) == shown
    assert seen == [True] * 4


def test_a_bar_of_ones_own_may_serve_several_fits(capsys):
    bar = keras.callbacks.ProgbarLogger()
    for shown in (False, True, False):
        norms = GradientNorms(progress_bar=shown)
        dense(run_eagerly=True).fit(*data(8), verbose=2, callbacks=[bar, norms])
        assert ("grad_norm:" in capsys.readouterr().out) == shown
    dense(run_eagerly=True).fit(*data(8), verbose=2, callbacks=[bar])
    assert "loss:" in capsys.readouterr().out


class Reads(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.keys = list(logs)


@pytest.mark.parametrize("ours_first", [True, False])
def test_a_logger_sees_the_keys_wherever_it_stands(tmp_path, ours_first):
    file, reads = tmp_path / "log.csv", Reads()
    loggers = [keras.callbacks.CSVLogger(file), reads]
    ours = [GradientNorms(), GradientClipping(0.1)]
    both = ours + loggers if ours_first else loggers + ours
    fit(dense(), *data(8), *both, epochs=2, validation_data=data(4))
    with file.open() as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 2
    assert float(rows[1]["clip_limit"]) == pytest.approx(0.1)
    assert {"grad_norm", "val_loss"} <= set(rows[0])
    assert "grad_norm/hidden" in reads.keys


@pytest.mark.parametrize("early_first", [True, False])
def test_early_stopping_sees_the_keys_wherever_it_stands(early_first):
    early = keras.callbacks.EarlyStopping("grad_norm", mode="max", patience=0)
    norms = GradientNorms()
    both = [early, norms] if early_first else [norms, early]
    history = fit(dense(), *data(8), *both, epochs=30)
    assert len(history["loss"]) < 30


def test_keys_come_after_those_of_keras_in_the_order_of_the_callbacks():
    orders = []
    for validation in ({}, {"validation_data": data(4), "validation_freq": 2}):
        reads = Reads()
        ours = [GradientClipping(0.1), GradientNorms(per_layer=False)]
        fit(dense(), *data(8), reads, *ours, epochs=2, **validation)
        assert reads.keys.index("clip_norm_before") < reads.keys.index("grad_norm")
        orders.append([key for key in reads.keys if key != "val_loss"])
        if validation:
            assert reads.keys[:2] == ["loss", "val_loss"]
    assert orders[0] == orders[1]
