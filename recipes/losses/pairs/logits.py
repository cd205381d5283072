"""Logits: cross-entropy from logits keeps its value and its gradient at any size.

e¹⁰⁰⁰ is no number, and 1 − σ(1000) is 0 in any precision. Written as max(z, 0) − zy +
log(1 + e^−|z|), the loss of a logit never overflows, and its derivative is σ(z) − y. A
loss of probabilities has to clip them, and where it clips there is no gradient.
"""

import keras
import numpy as np
from keras import ops

from recipes.lab import Finding, claim, experiment, main
from recipes.losses.pairs._derivatives import LOSSES, by_logit, losses_and_slopes
from recipes.losses.pairs._digits import USUAL, WRONGER, ahead, means

WAYS = [(USUAL, "SGD"), (WRONGER, "SGD")]
TRUE = {"binary": 1000.0, "softmax": 2000.0}  # losses of a wrong answer at ±1000


def write_out(name: str, logits, targets) -> tuple[np.ndarray, np.ndarray]:
    """Cross-entropy as the formula has it, and its derivative, in single precision."""
    targets = ops.convert_to_tensor(np.asarray(targets, "float32"))

    def losses(z):
        if name == "binary":
            p = 1 / (1 + ops.exp(-z))
            each = targets * ops.log(p) + (1 - targets) * ops.log(1 - p)
        else:
            p = ops.exp(z) / ops.sum(ops.exp(z), -1, keepdims=True)
            each = targets * ops.log(p)
        return -ops.sum(each, -1)

    return losses_and_slopes(losses, logits)


@experiment
def extreme_logits(lab) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Losses, and the largest entries of their derivatives, at ±1000: three ways."""
    z = np.array([[1000.0], [-1000.0]])
    cases = {
        "binary": ("bce", "sigmoid", z, 1 - (z > 0)),
        "softmax": ("cce", "softmax", np.hstack([z, -z]), np.eye(2)[[1, 0]]),
    }
    found = {}
    for name, (loss, activation, logits, targets) in cases.items():
        ways = {
            "logits": by_logit(f"{loss} from logits", logits, targets),
            "clipped": by_logit(f"{loss} after {activation}", logits, targets),
            "spelled out": write_out(name, logits, targets),
        }
        found[name] = {
            way: {"loss": losses, "derivative": np.abs(slopes).max(1)}
            for way, (losses, slopes) in ways.items()
        }
    return found


def right_before_the_loss() -> float:
    """Keras's loss of a positive at -1000 where it can see the sigmoid."""
    z, target = ops.convert_to_tensor([[-1000.0]]), ops.convert_to_tensor([[1.0]])
    return float(LOSSES["bce"]()(target, ops.sigmoid(z)))


# "Stable" has two rivals: the formula written out, which must give no number at ±1000,
# and probabilities that Keras clips, which must give no gradient there. In training it
# takes a start at a logit of 20 to get there.


@claim(
    "pair-logits-stability",
    "Cross-entropy is to be computed from logits: where logits are extreme, "
    "probabilities lose the loss or its gradient.",
    says="advice",
    notes="ours",
    scope="logits of ±1000; odd or even of the 8 × 8 digits, 64 hidden units, 10 "
    "epochs of SGD at the best of five rates",
)
def from_logits(lab):
    """Logits against probabilities: at a logit of ±1000, and in training."""
    extreme, conditions = extreme_logits(lab), {}
    for name, found in extreme.items():
        right = np.allclose(found["logits"]["loss"], TRUE[name], rtol=1e-6) and (
            np.allclose(found["logits"]["derivative"], 1)
        )
        broken = not np.isfinite(found["spelled out"]["loss"]).any()
        stuck = (found["clipped"]["derivative"] == 0).all()
        conditions[f"{name}, against the formula spelled out"] = right and broken
        conditions[f"{name}, against clipped probabilities"] = bool(right and stuck)
    binary = extreme["binary"]
    # From the wrong start all logits are large; from Keras's none is, and there both do
    # as well: that is shown, not judged.
    lost = ahead(lab, "bce logits", "bce sigmoid", [w for w in WAYS if w[0] != USUAL])
    return Finding(
        {**conditions, **lost},
        "A positive at logit −1000 has the loss {loss[logits]:.4g} from logits, with a "
        "derivative of {gradient[logits]:g}. The formula as it is written gives "
        "{written_out:.4g} and {no_gradient:g}; probabilities, which Keras clips, give "
        "{loss[clipped]:.4g} and {gradient[clipped]:g}, so that nothing is learned "
        "from it. Balanced accuracy from probabilities: {probabilities:.3f}; from "
        "logits: {logits:.3f}.",
        loss={way: values["loss"][1] for way, values in binary.items()},
        gradient={way: values["derivative"][1] for way, values in binary.items()},
        written_out=binary["spelled out"]["loss"][1],
        no_gradient=binary["spelled out"]["derivative"][1],
        probabilities=means(lab, "bce sigmoid", WAYS),
        logits=means(lab, "bce logits", WAYS),
        at_logits_of_1000=extreme,
        true_loss=TRUE,
        loss_where_keras_sees_the_sigmoid=right_before_the_loss(),
        backend=keras.backend.backend(),
    )


if __name__ == "__main__":
    main(__file__)
