"""Networks that learn the same few images, and what they say of new ones."""

import keras
import numpy as np

from recipes.lab import Study, experiment
from recipes.practice._images import draw
from zoo import mlp

MEMBERS, UNITS = 5, 64
# 64 inputs and 10 classes: 5 x (65 x 64 + 65 x 10) = 24,050 parameters of the members,
# 65 x 320 + 321 x 10 = 24,010 of one network.
AS_LARGE = 320
RATES = (1e-3, 3.2e-3, 1e-2)  # of Adam, half a decade apart
TUNED = 2  # seeds on which rates are chosen; what is judged is trained on others
BATCH = 32
LABELS = {"right labels": 0.0, "a fifth of the labels wrong": 0.2}

study = Study(
    mlp,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def softmax(logits) -> np.ndarray:
    """Probabilities along the last axis, in float64."""
    logits = np.asarray(logits, "float64")
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def share_right(chances: np.ndarray, y) -> float:
    """Accuracy of probabilities."""
    return float((chances.argmax(-1) == y).mean())


def squared_error(chances: np.ndarray, y) -> float:
    """Brier's score: the squared distance to the one-hot label, mean over rows."""
    return float(((chances - np.eye(chances.shape[-1])[y]) ** 2).sum(-1).mean())


def agreement(wrong: np.ndarray) -> float:
    """The mean correlation of errors, (networks, rows), over pairs of networks."""
    wrong = np.asarray(wrong, float)
    wrong = wrong[wrong.std(1) > 0]
    if len(wrong) < 2:
        return 1.0
    table = np.corrcoef(wrong)
    return float(table[np.triu_indices(len(table), 1)].mean())


def learned(case: dict, seed: int, parts: dict, pair: tuple) -> dict:
    """Trains one network; returns its probabilities by part."""
    sets = {name: x for name, (x, _) in parts.items()}

    def measure(model):
        found = {name: softmax(keras.ops.convert_to_numpy(model(x, training=False)))
                 for name, x in sets.items()}  # fmt: skip
        return {name: chances.tolist() for name, chances in found.items()}

    run = study.train(
        pair,
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        network={
            "num_classes": 10,
            "units": [case["units"]],
            "dropout": case.get("dropout", 0.0),
        },
        measure=measure,
    )
    return {name: np.array(chances) for name, chances in run["measured"].items()}


def train(case: dict, seed: int, data) -> dict:
    """Trains some networks and averages their probabilities.

    Args:
        case: `members`, `units`, `dropout`, `learning_rate`, `epochs`, `rows`, `wrong`,
            and `vary`: "starts" (and the order of the rows), or "rows", where each
            network has rows drawn with replacement, too.
        seed: Decides the rest.
        data: Images.

    Returns:
        `training`, `validation` and `test`: the members' accuracies, and of their mean
        as `together`; `error`, `error_together` and `spread` (squared); `agreement`.
    """
    parts = draw(data, seed, case["rows"], case["wrong"])
    (x, y), chances = parts["training"], []
    for member in range(case["members"]):
        rng = np.random.default_rng([seed, member, 85])
        rows = np.arange(len(x))
        if case["vary"] == "rows":
            rows = rng.integers(len(x), size=len(x))
        chances.append(learned(case, 100 * seed + member, parts, (x[rows], y[rows])))
    found: dict = {"together": {}}
    for name, (_, labels) in parts.items():
        seen = np.array([one[name] for one in chances])
        found[name] = [share_right(one, labels) for one in seen]
        found["together"][name] = share_right(seen.mean(0), labels)
    y, seen = parts["test"][1], np.array([one["test"] for one in chances])
    return {
        **found,
        "error": float(np.mean([squared_error(one, y) for one in seen])),
        "error_together": squared_error(seen.mean(0), y),
        "spread": float(((seen - seen.mean(0)) ** 2).sum(-1).mean()),
        "agreement": agreement(seen.argmax(-1) != y),
    }


def case_of(lab, wrong: float, rate: float, **given) -> dict:
    """A case of `train`."""
    usual = {"members": MEMBERS, "units": UNITS, "dropout": 0.0, "vary": "starts"}
    shared = {"epochs": lab.settings.epochs, "rows": lab.settings.rows}
    return {**usual, **shared, "wrong": wrong, "learning_rate": rate, **given}


@experiment
def best_rate(lab, wrong: float, units: int, dropout: float = 0.0) -> float:
    """The rate with the highest validation accuracy of one network."""
    given = {"units": units, "dropout": dropout, "members": 1}
    cases = {rate: case_of(lab, wrong, rate, **given) for rate in RATES}
    return lab.choose(
        train, {f"{units} units": cases}, score=lambda run: run["validation"][0],
        largest=True, seeds=TUNED, data=lab.like_digits, title="rates",
    )[f"{units} units"]  # fmt: skip


@experiment
def ensembles(lab, wrong: float, vary: str = "starts", times: int = 1) -> list[dict]:
    """Five members, one result a seed, of `times` as many seeds."""
    case = case_of(lab, wrong, best_rate(lab, wrong, UNITS), vary=vary)
    name, seeds = f"five members, other {vary}", lab.more_seeds(times)
    return lab.sweep(train, {name: case}, data=lab.like_digits, seeds=seeds,
                     title=name)[name]  # fmt: skip


@experiment
def singles(
    lab, wrong: float, units: int = AS_LARGE, dropout: float = 0.0, times: int = 1
) -> np.ndarray:
    """Test accuracy of one network, one a seed."""
    rate = best_rate(lab, wrong, units, dropout)
    case = case_of(lab, wrong, rate, units=units, dropout=dropout, members=1)
    name, seeds = f"one network of {units} units", lab.more_seeds(times)
    name += f", dropout {dropout:g}" if dropout else ""
    runs = lab.sweep(train, {name: case}, data=lab.like_digits, seeds=seeds, title=name)
    return together(runs[name])


def together(runs: list[dict], part: str = "test") -> np.ndarray:
    """The accuracy of the mean prediction, one a seed."""
    return np.array([run["together"][part] for run in runs])


def mean_member(runs: list[dict], part: str = "test") -> np.ndarray:
    """The mean accuracy of the members, one a seed."""
    return np.array([np.mean(run[part]) for run in runs])


def best_member(runs: list[dict]) -> np.ndarray:
    """The test accuracy of the member that is best on validation, one a seed."""
    return np.array([run["test"][int(np.argmax(run["validation"]))] for run in runs])
