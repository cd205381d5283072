"""The cyclical rate: Smith's formula, PyTorch's, three backends, files, errors.

tests/test_other_backends.py runs these tests on the others.
"""

import keras
import numpy as np
import pytest

from zoo import CyclicalRate

MODES = {"triangular": 1.0, "triangular2": 1.0, "exp_range": 0.99}


def smith(step: int, base, peak, size, mode="triangular", gamma=1.0) -> float:
    """The formula of the paper, in float64."""
    cycle = np.floor(1 + step / (2 * size))
    x = abs(step / size - 2 * cycle + 1)
    scale = {"triangular": 1.0, "triangular2": 0.5 ** (cycle - 1)}
    return base + (peak - base) * max(0.0, 1 - x) * scale.get(mode, gamma**step)


def rates(schedule, steps) -> np.ndarray:
    """What an optimizer with the schedule uses for some updates."""
    optimizer, found = keras.optimizers.SGD(schedule), []
    for step in steps:
        optimizer.iterations.assign(step)
        found.append(float(optimizer.learning_rate))
    return np.array(found)


@pytest.mark.parametrize("mode", MODES)
def test_rates_are_those_of_the_paper(mode):
    gamma = MODES[mode]
    schedule = CyclicalRate(0.001, 0.1, 7, mode, gamma=gamma)
    steps = [0, 1, 6, 7, 8, 13, 14, 15, 21, 28, 100, 1000]
    expected = [smith(step, 0.001, 0.1, 7, mode, gamma) for step in steps]
    assert rates(schedule, steps) == pytest.approx(expected, rel=1e-5)


def test_the_fall_can_be_longer_than_the_climb():
    schedule = CyclicalRate(0.0, 1.0, 2, steps_down=4)
    expected = [0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0.5]
    assert rates(schedule, range(8)) == pytest.approx(expected)


def test_updates_beyond_what_float32_counts_are_told_apart():
    schedule, far = CyclicalRate(0.0, 1.0, 4), 8 * 10**8
    expected = [0, 0.25, 0.5, 0.75, 1, 0.75]
    assert rates(schedule, range(far, far + 6)) == pytest.approx(expected)


@pytest.mark.parametrize("mode", MODES)
def test_equals_pytorch(mode):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    gamma = MODES[mode]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    theirs = torch.optim.lr_scheduler.CyclicLR(
        optimizer, base_lr=0.01, max_lr=0.5, step_size_up=5, step_size_down=9,
        mode=mode, gamma=gamma, cycle_momentum=False,
    )  # fmt: skip
    expected = []
    for _ in range(60):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    ours = CyclicalRate(0.01, 0.5, 5, mode, steps_down=9, gamma=gamma)
    assert rates(ours, range(60)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("mode", "gamma"), [("triangular", 1.0), ("triangular2", 1.0), ("exp_range", 0.9)]
)
def test_trains_by_its_rates(mode, gamma):
    """With x = 1 and target 0 every update takes the weight times 1 - 2 rate."""
    rate = CyclicalRate(0.01, 0.2, 3, mode, steps_down=2, gamma=gamma)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.ones((1, 1), "float32")])
    model.compile(keras.optimizers.SGD(rate), "mse")
    x = np.ones((12, 1), "float32")
    model.fit(x, 0 * x, batch_size=1, epochs=1, verbose=0)
    weight = 1.0
    for step in range(12):
        within, cycle = step % 5, step // 5
        height = min(within / 3, (5 - within) / 2)
        height *= {"triangular2": 0.5**cycle, "exp_range": gamma**step}.get(mode, 1)
        weight *= 1 - 2 * (0.01 + 0.19 * height)
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(weight, rel=1e-4)


def test_a_saved_model_keeps_it(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    schedule = CyclicalRate(0.1, 0.3, 2, "exp_range", steps_down=3, gamma=0.5)
    model.compile(keras.optimizers.SGD(schedule), "mse")
    model.train_on_batch(np.ones((2, 2)), np.ones((2, 1)))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    again = keras.optimizers.serialize(loaded.optimizer)["config"]["learning_rate"]
    assert again["config"] == schedule.get_config()
    assert float(loaded.optimizer.learning_rate) == pytest.approx(0.1 + 0.2 / 2 * 0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"base": -0.1}, r"base must be .* \[0, inf\); got -0.1"),
        ({"peak": 0.1}, r"peak must be .* \(0.1, inf\); got 0.1"),
        ({"peak": float("nan")}, "peak must be .*; got nan"),
        ({"steps_up": 0}, "steps_up must be an integer of at least 1; got 0"),
        ({"steps_up": 2.5}, "steps_up must be an integer .*; got 2.5"),
        ({"steps_down": 0}, "steps_down must be .*; got 0"),
        ({"mode": "triangle"}, r"mode must be .*mean 'triangular'.*got 'triangle'"),
        ({"gamma": 0.9}, "gamma must be 1 in mode 'triangular'; got 0.9"),
        ({"gamma": 1.5, "mode": "exp_range"}, r"gamma must be .*\(0, 1\].*; got 1.5"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        CyclicalRate(**{"base": 0.1, "peak": 0.5, "steps_up": 3, **arguments})
