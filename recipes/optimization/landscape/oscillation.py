"""Oscillation: a step too long lands on the other side of the minimum.

On a bowl of curvature c each step of descent multiplies the distance from the minimum
by 1 − rate·c. Below a product of 1 that is positive: no crossing. Between 1 and 2 it is
negative and small: to and fro, ever nearer. From 2 on the distance no longer shrinks.
"""

import numpy as np
from keras.optimizers import SGD

from recipes.lab import Finding, claim, experiment, figures, main
from recipes.optimization._surfaces import keras_path

# Only rate times curvature counts, so one path of Keras's SGD at rate 1 has them all.
PRODUCTS = np.array([0.1, 0.5, 0.9, 1.1, 1.5, 1.9, 2.0, 2.1])
STEPS = 20


@experiment
def path(lab) -> np.ndarray:
    """Twenty steps from 1, (steps + 1, products)."""
    start = np.ones(len(PRODUCTS))
    return keras_path(SGD(1.0), lambda x: PRODUCTS * x, start, STEPS)


@claim(
    "gd-oscillation",
    "Descent oscillates where the learning rate is large.",
    says="can",
    hedge="can",
    notes="000 002",
    scope="bowls of one weight, 20 steps of Keras's SGD; nothing is trained",
)
def oscillates(lab):
    """Descent on bowls at both sides of the limits."""
    points = path(lab)
    crossed = (np.sign(points[1:]) != np.sign(points[:-1])).sum(0)
    grown = np.abs(points[-1])
    formula = (1 - PRODUCTS) ** STEPS
    exact = np.abs(points[-1] - formula) <= 1e-4 * np.abs(points[-1]) + 1e-6
    rows = [
        [f"{product}", int(count), float(end)]
        for product, count, end in zip(PRODUCTS, crossed, grown, strict=True)
    ]
    columns = ["rate x curvature", "crossings", "distance"]
    lab.table(f"{STEPS} steps of descent from 1", columns, rows)
    small, large = PRODUCTS < 1, PRODUCTS > 1
    return Finding(
        bool(
            exact.all()
            and (crossed[small] == 0).all()
            and (crossed[large] == STEPS).all()
        ),
        "Each step multiplies the distance by 1 − rate·curvature. Of {steps} steps so "
        "many cross the minimum, by that product: {by_product}. Above 1 descent goes "
        "to and fro, from 2 on without coming nearer.",
        figure=draw_oscillation,
        steps=STEPS,
        crossed=crossed,
        by_product=dict(zip(PRODUCTS.tolist(), crossed.tolist(), strict=True)),
        products=PRODUCTS,
        distance_after_20_steps_from_1=grown,
    )


def draw_oscillation(lab):
    """Distances by step for four products of rate and curvature."""
    figure, axes = figures.new(width=7.2, height=3.8)
    shown = (0.5, 1.5, 1.9, 2.1)
    curves = {
        f"product {product:g}": path(lab)[:, list(PRODUCTS).index(product)]
        for product in shown
    }
    figures.curves(axes, range(STEPS + 1), curves)
    axes.xaxis.get_major_locator().set_params(integer=True)
    title = "Where rate·curvature is above 1 descent goes to and fro"
    figures.describe(axes, title, "step", "distance from the minimum, with sign")
    lab.figure(
        "oscillation",
        figure,
        "Descent on a bowl for four products of rate and curvature.",
    )


if __name__ == "__main__":
    main(__file__)
