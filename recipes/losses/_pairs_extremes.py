"""Cross-entropy where it breaks: outputs that are no probabilities, huge logits."""

import keras
import numpy as np
from keras import ops

from recipes.lab import gradients
from recipes.losses._pairs_gradients import LOSSES, by_logit
from recipes.losses._pairs_results import MARGIN, Results, outcomes
from recipes.losses._pairs_training import USUAL, WRONGER


def relu_with_cross_entropy() -> dict:
    """Binary cross-entropy of outputs that are no probabilities."""
    outputs, labels = np.array([3.0, -2.0]), np.array([0.0, 1.0])
    p = np.maximum(outputs, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        formula = np.where(labels == 1, -np.log(p), -np.log(1 - p))
    losses, slopes = by_logit("bce after relu", outputs[:, None], labels[:, None])
    inside = by_logit("bce after relu", np.array([[0.5]]), np.array([[1.0]]))[1]
    return {
        "outputs_and_labels": [[3.0, 0], [0.0, 1]],
        "formula": [str(value) for value in formula],
        "keras_loss": losses,
        "keras_derivative": slopes[:, 0],
        "keras_derivative_at_p_of_one_half": float(inside[0, 0]),
    }


def extreme_logits() -> dict[str, dict]:
    """Losses and derivatives at logits of ±1000: three ways to compute each.

    Returns:
        For "binary" and "softmax": the true losses, and by each way the losses and
        the derivative's largest entries.
    """
    z = np.array([[1000.0], [-1000.0]])
    cases = {
        "binary": ("bce", "sigmoid", z, 1 - (z > 0)),
        "softmax": ("cce", "softmax", np.hstack([z, -z]), np.eye(2)[[1, 0]]),
    }
    found = {}
    for name, (loss, activation, logits, targets) in cases.items():
        ways = {
            "logits": f"{loss} from logits",
            "clipped": f"{loss} after {activation}",
        }
        measured = {way: by_logit(pair, logits, targets) for way, pair in ways.items()}
        measured["spelled out"] = spelled_out(name, logits, targets)
        found[name] = {
            "true_loss": [1000.0 if name == "binary" else 2000.0] * 2,
            **{
                way: {"loss": losses, "derivative": np.abs(slopes).max(1)}
                for way, (losses, slopes) in measured.items()
            },
        }
    return found


def spelled_out(name: str, logits, targets) -> tuple[np.ndarray, np.ndarray]:
    """Cross-entropy as the formula has it, in single precision."""
    targets = ops.convert_to_tensor(np.asarray(targets, "float32"))

    def losses(z):
        if name == "binary":
            p = 1 / (1 + ops.exp(-z))
            each = targets * ops.log(p) + (1 - targets) * ops.log(1 - p)
        else:
            p = ops.exp(z) / ops.sum(ops.exp(z), -1, keepdims=True)
            each = targets * ops.log(p)
        return -ops.sum(each, -1)

    x = np.asarray(logits, "float32")
    (slopes,) = gradients(lambda tensors: ops.sum(losses(tensors[0])), [x])
    return ops.convert_to_numpy(losses(ops.convert_to_tensor(x))), slopes


def right_before_the_loss() -> float:
    """Keras's loss of a positive at -1000 where it can see the sigmoid."""
    z, target = ops.convert_to_tensor([[-1000.0]]), ops.convert_to_tensor([[1.0]])
    return float(LOSSES["bce"]()(target, ops.sigmoid(z)))


def judge_relu(lab, results: Results) -> None:
    """Cross-entropy of outputs that ReLU lets out of (0, 1)."""
    relu = relu_with_cross_entropy()
    lost = results.behind("bce relu", "bce logits", [USUAL])
    formula, losses = relu["formula"], relu["keras_loss"]
    flat = bool((relu["keras_derivative"] == 0).all())
    lab.verdict(
        "pair-relu-bce-undefined",
        {
            "the formula has no finite value": not any(
                np.isfinite(float(value)) for value in formula
            ),
            "no gradient outside of (0, 1)": flat,
            **outcomes(lost),
        },
        evidence={
            **relu,
            "sigmoid_ahead_beyond_the_margin": lost,
            "margin": MARGIN,
        },
        note="At output 3 with label 0 and output 0 with label 1 the formula gives "
        f"{formula[0]} and {formula[1]}; Keras clips the outputs and gives "
        f"{losses[0]:.2f} and {losses[1]:.2f}, with {'no' if flat else 'a'} gradient. "
        "Balanced accuracy of a sigmoid against ReLU: "
        f"{results.against('bce relu', 'bce logits', lost)}.",
    )


def judge_logits(lab, results: Results) -> None:
    """Logits against probabilities: at a logit of ±1000, and in training."""
    extreme, seen = extreme_logits(), right_before_the_loss()
    lost = results.behind("bce sigmoid", "bce logits", [USUAL, WRONGER], ["SGD"])
    conditions = {}
    for name, found in extreme.items():
        right = bool(
            np.allclose(found["logits"]["loss"], found["true_loss"], rtol=1e-6)
            and np.allclose(found["logits"]["derivative"], 1)
        )
        broken = not np.isfinite(found["spelled out"]["loss"]).any()
        stuck = bool((found["clipped"]["derivative"] == 0).all())
        conditions[f"{name}, against the formula spelled out"] = right and broken
        conditions[f"{name}, against clipped probabilities"] = right and stuck
    values = {
        way: f"{found['loss'][1]:.4g} with a gradient of {found['derivative'][1]:g}"
        for way, found in extreme["binary"].items()
        if way != "true_loss"
    }
    lab.verdict(
        "pair-logits-stability",
        {**conditions, **outcomes(lost)},
        evidence={
            "at_logits_of_1000": extreme,
            "loss_where_keras_sees_the_sigmoid": seen,
            "backend": keras.backend.backend(),
            "logits_ahead_beyond_the_margin": lost,
            "margin": MARGIN,
        },
        note=f"A positive at logit -1000: from logits the loss is {values['logits']}; "
        f"spelled out {values['spelled out']}; from probabilities, which Keras clips, "
        f"{values['clipped']} (with a sigmoid right before the loss, Keras on "
        f"{keras.backend.backend()} gives {seen:.4g}). Balanced accuracy with logits "
        "against probabilities: "
        f"{results.against('bce sigmoid', 'bce logits', lost)}.",
    )
