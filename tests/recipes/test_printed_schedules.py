"""The notes' calls of PyTorch's schedules, run as printed, beside the lessons."""

import numpy as np
import pytest

from recipes.optimization.schedules import cycles, plateau, steps, waves

torch = pytest.importorskip("torch")
lr_scheduler = pytest.importorskip("torch.optim.lr_scheduler")


def optimizer(kind="SGD", rate=0.1):
    weight = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    return getattr(torch.optim, kind)([weight], lr=rate)


def rates(made, scheduler, count, *metrics):
    """The rates of `count` steps; a plateau schedule is given its metric."""
    seen = []
    for step in range(count):
        seen.append(made.param_groups[0]["lr"])
        made.step()
        scheduler.step(*(values[step] for values in metrics))
    return np.array(seen)


def test_step_decay():
    made = optimizer()
    scheduler = lr_scheduler.StepLR(made, step_size=10, gamma=0.1)
    assert rates(made, scheduler, 40) == pytest.approx(steps.step_decay(np.arange(40)))


def test_cosine_climbs_again_after_its_end():
    made = optimizer(rate=1.0)
    scheduler = lr_scheduler.CosineAnnealingLR(made, T_max=50)
    assert rates(made, scheduler, 101) == pytest.approx(
        waves.cosine(np.arange(101), 50), abs=1e-9
    )


def test_plateau_waits_an_epoch_longer_than_keras():
    made = optimizer()
    scheduler = lr_scheduler.ReduceLROnPlateau(made, "min", patience=5, factor=0.1)
    seen = rates(made, scheduler, len(plateau.STALL) + 1, [*plateau.STALL, 0.8])
    lowered = [int(at) + 1 for at in np.flatnonzero(seen[1:] < 0.5 * seen[:-1])]
    assert lowered == plateau.plateau(plateau.STALL, late=1) == [9, 15]


def printed_cycle(made, **other):
    return lr_scheduler.CyclicLR(
        made, base_lr=1e-5, max_lr=1e-2, step_size_up=2000, mode="triangular", **other
    )


@pytest.mark.parametrize("momentum", [True, False])
def test_a_cycle_takes_the_path_of_the_lesson(momentum):
    """SGD on x²/2 from 1: as printed, and with the momentum left alone."""
    made = optimizer(rate=0.01)
    other = {} if momentum else {"cycle_momentum": False}
    scheduler = printed_cycle(made, **other)
    (weight,) = made.param_groups[0]["params"]
    path = [weight.item()]
    for _ in range(500):
        weight.grad = weight.detach().clone()
        made.step()
        scheduler.step()
        path.append(weight.item())
    assert path == pytest.approx(cycles.printed_call(500, momentum), rel=1e-9)


@pytest.mark.parametrize("kind", ["SGD", "RMSprop"])
def test_a_cycle_turns_momentum_on(kind):
    made = optimizer(kind, 0.01)
    assert made.param_groups[0]["momentum"] == 0
    printed_cycle(made)
    assert made.param_groups[0]["momentum"] == 0.9


def test_a_cycle_refuses_an_optimizer_without_momentum():
    with pytest.raises(ValueError, match="momentum"):
        printed_cycle(optimizer("Adagrad", 0.01))
