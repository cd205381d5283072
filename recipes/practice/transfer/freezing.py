"""Freezing: keep the layers of a pretrained network, and train the top alone.

`zoo.freeze` sets `trainable` to False for what lies below the head, and compiles again.
Two questions follow. Do frozen layers stay as they are? Keras looks at `trainable` when
it builds the step of a training, so the answer depends on when the flag was set. And is
it better to freeze? The new head alone may learn, or the top two layers. The rivals are
to let all layers learn, and to start from nothing. Each has three trial rates.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, main, reseed, stats
from recipes.practice.transfer._networks import (
    FEW,
    FIVE,
    MORE,
    NEW,
    TRANSFERRED,
    best_of,
    draw_dots,
    ways,
)
from zoo import freeze, mlp, with_head

FROZEN, RIVALS = TRANSFERRED[:2], ("all layers", "from scratch")
# What a flag set after a first fit does depends on the backend.
AFTER_A_FIT = "after a first fit"
LATE = {
    "moves": "A training that has been built goes on as it was until the model is "
    "compiled again.",
    "stays": "Set after a first fit, the flag counts at once.",
    "refused": "Set after a first fit, Keras trains no more until the next compile.",
}


@experiment
def moves(lab) -> dict[str, float]:
    """How far the first layer's weights move in a `fit`, by when it was frozen.

    NaN where Keras refuses to train: its JAX trainer takes the list of what learns from
    the flags at each fit, its optimizer the one that it was built with.
    """
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 8, 8, 1), "float32"), np.arange(40) % 3
    found = {}
    for name in ("never", "with zoo.freeze", "before compile", "after compile",
                 AFTER_A_FIT, f"{AFTER_A_FIT}, compiled again"):  # fmt: skip
        reseed(1)
        model = with_head(mlp((8, 8, 1), 10, weights="digits"), 3)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        first = model.get_layer("hidden_1")
        if name == "before compile":
            first.trainable = False
        model.compile("sgd", loss)
        if name == "after compile":
            first.trainable = False
        if name.startswith(AFTER_A_FIT):
            model.fit(x, y, batch_size=20, verbose=0)
            first.trainable = False
        if name.endswith("compiled again"):
            model.compile("sgd", loss)
        if name == "with zoo.freeze":
            freeze(model)
        before = first.get_weights()[0]
        try:
            model.fit(x, y, batch_size=20, verbose=0)
        except ValueError:
            if name != AFTER_A_FIT:
                raise
            found[name] = float("nan")
        else:
            found[name] = float(np.abs(first.get_weights()[0] - before).max())
    return found


@claim(
    "tl-freeze",
    "Freeze the layers of a pretrained model, and train only the top ones.",
    says="advice",
    notes="001",
    scope="LeNet with 32 units, learned on five classes; 5 and 20 images of each of "
    "the other five",
)
def the_top_alone(lab):
    """The better of two frozen networks against the better of two that are not."""
    conditions: dict = {}
    accuracy, rivals = {}, {}
    for size in (FEW, MORE):
        found = ways(lab, "related", FIVE, size, (*NEW, *TRANSFERRED))
        chosen, rivals[size] = best_of(found, FROZEN), best_of(found, RIVALS)
        conditions[f"{size} images a class: better than all layers and scratch"] = (
            stats.greater(
                found[chosen][2],
                found[rivals[size]][2],
                by=stats.ACCURACY_POINT,
            )
        )
        accuracy[size] = {name: found[name][2].mean() for name in (*FROZEN, *RIVALS)}
    return Finding(
        conditions,
        "With {few} images a class: {with_few:.1%}; with {more}: {with_more:.1%}. "
        "Where a start from scratch does as well as all layers, transfer has nothing "
        "to give, frozen or not. Frozen layers move by {moved:g}.",
        figure=draw_freezing,
        few=FEW,
        more=MORE,
        with_few=accuracy[FEW],
        with_more=accuracy[MORE],
        moved=moves(lab)["with zoo.freeze"],
        rivals={str(size): name for size, name in rivals.items()},
    )


@claim(
    "tl-trainable-flag",
    "A layer whose trainable flag is set to False stays as it is; set after a fit, the "
    "flag counts from the next compile on.",
    notes="ours",
    scope="an MLP that has learned the digits, under model.fit, SGD at 0.01, 2 updates",
)
def the_flag(lab):
    """How far the layer moves, by when its flag is set."""
    found = moves(lab)
    names = ("before compile", "after compile", AFTER_A_FIT,
             f"{AFTER_A_FIT}, compiled again")  # fmt: skip
    moves_on = stats.above(found[AFTER_A_FIT], 0)
    outcome = {True: "moves", False: "stays", None: "refused"}[moves_on]
    return Finding(
        {
            f"stays: set {name}": found[name] == 0
            for name in names
            if name != AFTER_A_FIT
        }
        | {f"moves: set {AFTER_A_FIT}": moves_on},
        "The largest move of a weight, by when the flag was set: {moved:.1e} (never: "
        "{never:.1e}). {outcome}",
        outcome=LATE[outcome],
        moved={name: found[name] for name in names},
        never=found["never"],
    )


def draw_freezing(lab):
    """Frozen networks beside their rivals."""
    panels, titles = {}, []
    for size in (FEW, MORE):
        found = ways(lab, "related", FIVE, size, (*NEW, *TRANSFERRED))
        panels[size] = {name: found[name][2] for name in (*FROZEN, *RIVALS)}
        best = max(panels[size], key=lambda name: panels[size][name].mean())
        titles.append(f"{size} images a class: best is {best}")
    caption = (
        "Test accuracy where the new head or the top two layers learn, all layers "
        "learn from the source's weights, and from scratch (blue). Bars are means, "
        "dots seeds."
    )
    draw_dots(lab, "freezing", panels, titles, caption)


if __name__ == "__main__":
    main(__file__)
