"""Learning rates: the notes' table compares rates as much as optimizers.

The table gives each optimizer one rate: 0.01 to SGD and AdaGrad, 0.001 to Adam and
RMSprop. Here each gets nine, half a decade apart, from 1e-4 to 1. Look at the circles
in the picture `rates`, not at the curves' heights: every optimizer has a best rate of
its own, and those are what to compare. They are chosen on seeds of their own; what is
compared is trained on others.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.optimizers._network import (
    TUNED,
    at_times_best,
    best_rates,
    case_of,
    final_losses,
    grid,
    losses_of,
    notes_runs,
    train,
)

# Losses are compared as ratios: they are skewed, and at the best rates they are small.


@experiment
def deep_runs(lab) -> tuple[dict[str, float], dict[str, list[dict]]]:
    """SGD and Adam in a network of six hidden layers, each at its best rate there.

    Tried are five rates, half a decade apart, around the best of the table's network.
    """
    around = {
        name: [float(f"{times * rate:.2g}") for times in (0.1, 0.32, 1.0, 3.2, 10.0)]
        for name, rate in best_rates(lab).items()
        if name in ("SGD", "Adam")
    }
    cases = {
        name: {rate: case_of(lab, name, rate, network="deep") for rate in rates}
        for name, rates in around.items()
    }
    best = lab.choose(
        train,
        cases,
        score=lambda run: run["history"]["loss"][-1],
        seeds=TUNED,
        title="rates in six hidden layers",
    )
    chosen = {name: cases[name][rate] for name, rate in best.items()}
    return best, lab.sweep(train, chosen, title="six hidden layers")


@claim(
    "opt-sgd-slower",
    "SGD often converges more slowly than Adam, above all in deep networks.",
    says="often",
    hedge="often",
    notes="002",
    scope="digits by default; the network of the table and one of six layers, 5 epochs",
)
def sgd_is_slower(lab):
    """Training losses at the notes' rates, and with each at its best."""
    notes = {name: notes_runs(lab)[name] for name in ("SGD", "Adam")}
    tuned = {name: at_times_best(lab, name) for name in ("SGD", "Adam")}
    deep_rates, deep = deep_runs(lab)
    best = best_rates(lab)
    curves = {
        "the notes' rates, all epochs": [final_losses(r) for r in notes.values()],
        "best rates, the first epoch": [losses_of(r)[:, 0] for r in tuned.values()],
        "best rates, all epochs": [final_losses(r) for r in tuned.values()],
        "six hidden layers, best rates, all epochs":
            [final_losses(r) for r in deep.values()],
    }  # fmt: skip
    slower = {
        case: stats.greater(*pair, by=stats.TENTH, scale="log")
        for case, pair in curves.items()
    }
    return Finding(
        slower,
        "On {data} the training loss of SGD over Adam's is: {ratios:.3g}. The best "
        "rates are {sgd:g} and {adam:g}; in six layers {deep_rates:g}.",
        figure=draw_rates,
        data=lab.settings.data,
        ratios={case: one.effect for case, one in slower.items()},
        sgd=best["SGD"],
        adam=best["Adam"],
        deep_rates=deep_rates,
        losses={case: [seen.mean() for seen in pair] for case, pair in curves.items()},
    )


# How much does a wrong rate cost? The loss at ten times and at a tenth of a method's
# own best rate, over that at its best. The notes also say that Adam needs careful
# tuning: that it is *less* sensitive than SGD is the stronger statement.


def costs(lab, name: str, times: float) -> np.ndarray:
    """The loss at so many times the best rate over that at the best, one a seed."""
    wrong, best = at_times_best(lab, name, times), at_times_best(lab, name)
    return final_losses(wrong) / final_losses(best)


@claim(
    "opt-adam-lr-sensitivity",
    "Adam is less sensitive than SGD to the choice of the learning rate.",
    notes="002",
    scope="the network of the table, 5 epochs, rates ten times off the best",
)
def adam_is_less_sensitive(lab):
    """What a rate ten times off costs each, beside its own best rate."""
    cost = {
        way: {name: costs(lab, name, times) for name in ("SGD", "Adam")}
        for way, times in (("too large", 10.0), ("too small", 0.1))
    }
    less = {
        f"a rate ten times {way}": stats.greater(
            seen["SGD"], seen["Adam"], by=stats.TENTH, scale="log"
        )
        for way, seen in cost.items()
    }
    medians = {
        way: {name: float(np.median(values)) for name, values in seen.items()}
        for way, seen in cost.items()
    }
    return Finding(
        less,
        "By how many times the training loss rises (medians) where the rate is ten "
        "times too large: {large:.3g}; ten times too small: {small:.3g}.",
        figure=draw_rates,
        large=medians["too large"],
        small=medians["too small"],
        best_rates=best_rates(lab),
    )


# A method that needs no tuning does well at its default. PyTorch, the notes' framework,
# has 0.01 for AdaGrad, and Keras has 0.001. "Well" is less than twice the best loss.


@claim(
    "opt-adagrad-no-tuning",
    "AdaGrad makes manual tuning of the learning rate unnecessary.",
    notes="003",
    scope="the network of the table, 5 epochs, defaults of PyTorch and of Keras",
)
def adagrad_needs_no_tuning(lab):
    """Losses at the two defaults against twice the loss at the best rate."""
    best = final_losses(at_times_best(lab, "AdaGrad"))
    case = {"0.001": case_of(lab, "AdaGrad", 0.001)}
    by_keras = lab.sweep(train, case, title="AdaGrad at Keras's default")["0.001"]
    losses = {
        "the default of PyTorch, 0.01": final_losses(notes_runs(lab)["AdaGrad"]),
        "the default of Keras, 0.001": final_losses(by_keras),
    }
    means = {rate: float(seen.mean()) for rate, seen in grid(lab)["AdaGrad"].items()}
    return Finding(
        {
            f"{default}: less than twice the best loss": stats.greater(
                2 * best, seen, by=stats.ANY, scale="log"
            )
            for default, seen in losses.items()
        },
        "Training loss at its best rate, {rate:g}: {best:.3g}; at the defaults: "
        "{losses:.3g}. Between the best and the worst of the rates from 1e-4 to 1 the "
        "loss differs {factor:.3g}-fold.",
        figure=draw_rates,
        rate=best_rates(lab)["AdaGrad"],
        best=best.mean(),
        losses={default: seen.mean() for default, seen in losses.items()},
        factor=max(means.values()) / min(means.values()),
    )


def draw_rates(lab):
    """The sweep of rates, the best of each circled."""
    figure, axes = figures.new()
    axes.set(xscale="log", yscale="log")
    bests = []
    for index, (name, row) in enumerate(grid(lab).items()):
        rates = sorted(row)
        means = [min(float(row[rate].mean()), 10.0) for rate in rates]
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.plot(rates, means, marker="o", markersize=3, label=name, **style)
        best = min(zip(means, rates, strict=True))
        bests.append(best[1])
        axes.plot(best[1], best[0], "o", mfc="none", ms=11, color=style["color"])
    title = f"The best learning rates (circles): {min(bests):g} to {max(bests):g}"
    figures.describe(axes, title, "learning rate", "training loss of the last epoch")
    figures.legend(axes)
    lab.figure("rates", figure, "Training loss of the last epoch by learning rate.")


if __name__ == "__main__":
    main(__file__)
