"""At their best: what is left between optimizers when each has its best rate.

AdaGrad is said not to suit deep learning, Adadelta to be slow, Adam to overfit where
SGD with momentum generalizes. Each of the three is a comparison, so each needs rivals
at their best rates (see `learning_rates`), chosen on seeds that are not judged here.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, main, stats
from recipes.optimization.optimizers._network import (
    OPTIMIZERS,
    at_times_best,
    best_rates,
    case_of,
    final_losses,
    train,
)

# A linear model has a convex loss. An optimizer that gets a network no lower than a
# linear model has learned nothing that needs a network: that is "not suitable". One
# that is merely slower than others shows it in the other comparisons.


@experiment
def adagrad_and_rivals(lab) -> dict[str, np.ndarray]:
    """Final training losses of AdaGrad, its rivals and a linear model, one a seed."""
    case = {"linear": case_of(lab, "Adam", 0.01, network="linear")}
    runs = lab.sweep(train, case, title="a linear model")
    runs |= {name: at_times_best(lab, name) for name in ("AdaGrad", "SGD", "Adam")}
    return {name: final_losses(found) for name, found in runs.items()}


@claim(
    "opt-adagrad-nonconvex",
    "AdaGrad is not suitable for non-convex optimization in deep learning.",
    notes="003",
    scope="the network of the table and a linear model, 5 epochs, best rates",
)
def adagrad_does_not_suit(lab):
    """Its training loss against that of a linear model, SGD's and Adam's."""
    loss = adagrad_and_rivals(lab)
    return Finding(
        {
            "gets no lower than a linear model": stats.greater(
                loss["AdaGrad"], loss["linear"], by=stats.ANY, scale="log"
            ),
            **{
                f"ends a tenth above {rival}": stats.greater(
                    loss["AdaGrad"], loss[rival], by=stats.TENTH, scale="log"
                )
                for rival in ("SGD", "Adam")
            },
        },
        "Training loss after {epochs} epochs, each at its best rate: AdaGrad "
        "{adagrad:.3g}, SGD {sgd:.3g}, Adam {adam:.3g}; a linear model {linear:.3g}.",
        epochs=lab.settings.epochs,
        adagrad=loss["AdaGrad"].mean(),
        sgd=loss["SGD"].mean(),
        adam=loss["Adam"].mean(),
        linear=loss["linear"].mean(),
        losses=loss,
    )


# Adadelta has no rate: its steps begin at the root of epsilon and grow by themselves.
# Keras multiplies them by a learning rate, which is 1 here, as in the method.


@claim(
    "opt-adadelta-slow",
    "Adadelta may be slower than other adaptive methods.",
    says="can",
    hedge="may, in some cases",
    notes="003",
    scope="the network of the table, 5 epochs, the others at their best rates",
)
def adadelta_is_slow(lab):
    """Its training loss against those of AdaGrad and Adam."""
    runs = lab.sweep(train, {"Adadelta": case_of(lab, "Adadelta")}, title="Adadelta")
    ours = final_losses(runs["Adadelta"])
    others = {n: final_losses(at_times_best(lab, n)) for n in ("AdaGrad", "Adam")}
    return Finding(
        {
            f"ends a tenth above {name}": stats.greater(
                ours, seen, by=stats.TENTH, scale="log"
            )
            for name, seen in others.items()
        },
        "Training loss after {epochs} epochs: Adadelta, which has no rate to tune, "
        "{ours:.3g}; at their best rates {others:.3g}.",
        epochs=lab.settings.epochs,
        ours=ours.mean(),
        others={name: seen.mean() for name, seen in others.items()},
    )


# Test scores are compared at one training loss: an optimizer that has come further
# would show another gap for that alone. Accuracies on a small test set are noisy, so
# this comparison gets twice the seeds.
FLOOR = 0.1  # training loss at which test scores are compared


@claim(
    "opt-adam-vs-sgd-generalisation",
    "SGD with momentum may generalize better than Adam.",
    says="can",
    hedge="might",
    notes="002 003",
    scope="the network of the table, best rates, trained to a loss of 0.1",
)
def momentum_may_generalize_better(lab):
    """Test accuracy of SGD with momentum and Adam at one training loss."""
    best, names = best_rates(lab), ("momentum", "Adam")
    longest = 8 * lab.settings.epochs
    cases = {n: case_of(lab, n, best[n], epochs=longest, goal=FLOOR) for n in names}
    seeds = lab.more_seeds(2)
    runs = lab.sweep(train, cases, seeds=seeds, title="to one loss")
    losses = {name: final_losses(found) for name, found in runs.items()}
    reached = max(seen.max() for seen in losses.values()) <= FLOOR
    accuracy = {name: stats.column(runs[name], "test_accuracy") for name in names}
    gap = stats.greater(accuracy["momentum"], accuracy["Adam"], by=stats.ACCURACY_POINT)
    return Finding(
        {"test accuracy at one training loss": gap if reached else None},
        "Test accuracy of SGD with momentum and of Adam, both at their best rates and "
        "trained until the loss of an epoch is below {floor:g} (it is {losses:.3f}): "
        "{means:.2%}.",
        floor=FLOOR,
        losses={name: seen.mean() for name, seen in losses.items()},
        means={name: seen.mean() for name, seen in accuracy.items()},
        settings={name: OPTIMIZERS[name] for name in names},
        accuracy=accuracy,
    )


if __name__ == "__main__":
    main(__file__)
