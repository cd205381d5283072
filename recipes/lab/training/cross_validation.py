"""`cross_validate`: a network's score on every fold, each time from the same start."""

from collections.abc import Callable, Iterator
from typing import Any, TypedDict

import keras
import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.training import arrays
from recipes.lab.training.fit import fit
from recipes.lab.training.restart import Restart
from recipes.lab.training.seeding import reseed
from recipes.lab.training.study import Study

HELD_OUT = "held_out_"


class CrossValidation(TypedDict):
    """What `cross_validate` returns: plain data.

    Attributes:
        scores: "loss" and each metric to one number a fold, on the samples held out.
        predictions: The outputs for every sample, in the order of the samples, each
            of the network that was trained without it.
        folds: For each sample the fold, counted from 0, in which it was held out.
    """

    scores: dict[str, list[float]]
    predictions: Any
    folds: list[int]


def cross_validate(
    model: Study | keras.Model,
    x: Any,
    y: Any,
    *,
    folds: int = 5,
    seed: int = 0,
    stratified: bool | None = None,
    epochs: int,
    batch_size: int = 32,
    sample_weight: np.ndarray | None = None,
    **arguments: Any,
) -> CrossValidation:
    """Trains once a fold on all other folds, and scores on the fold held out.

    Every fold starts from the weights that the seed draws, with a new optimizer: no
    fold knows what another one learned. The splits are scikit-learn's (`KFold`,
    `StratifiedKFold`), shuffled by the seed. `folds` equal to the number of samples
    is leave-one-out. A compiled model is left as it was.

    Args:
        model: A `Study`, or a compiled and built `keras.Model`.
        x: Inputs: an array (samples, ...), or a list or dict of them.
        y: Targets in the same form.
        folds: At least 2, at most the number of samples.
        seed: Decides the folds, the weights and the order of the samples; from 0.
        stratified: Whether each fold has the classes in their proportions. None: where
            the targets are classes, whole numbers (samples,) or one-hot rows.
        epochs: Passes over the samples of a training, at least 1.
        batch_size: Samples a step, at least 1.
        sample_weight: None or one weight a sample, for the training alone.
        **arguments: Anything else that `Study.train` or, for a model, `lab.fit` takes
            (`learning_rate`, `network`, `class_weight`, `callbacks`, ...).

    Returns:
        The scores, one a fold; the out-of-fold predictions; the fold of each sample.

    Raises:
        LabError: There can't be so many folds, a class has fewer members than folds,
            or the data can't be trained on.

    Example:
        >>> import numpy as np
        >>> from zoo import mlp
        >>> study = Study(mlp, "mse", "sgd")
        >>> x = np.linspace(-1, 1, 20, dtype="float32")[:, None]
        >>> network = {"num_classes": 1, "units": [4], "task": "regression"}
        >>> found = cross_validate(study, x, 2 * x, folds=4, epochs=3, network=network)
        >>> len(found["scores"]["loss"]), np.shape(found["predictions"])
        (4, (20, 1))
    """
    samples = _samples(x, y, sample_weight)
    splits = list(_splits(y, samples, folds, seed, stratified))
    before = []
    if isinstance(model, Study):
        train = _of_study(model)
    else:
        before = _state(model)
        train = _of_model(model)
    options = {"epochs": epochs, "batch_size": batch_size, **arguments}
    scores: dict[str, list[float]] = {}
    outputs, places = [], np.zeros(samples, int)
    try:
        for fold, (training, held_out) in enumerate(splits):
            if sample_weight is not None:
                options["sample_weight"] = np.asarray(sample_weight)[training]
            found, predicted = train(
                (_rows(x, training), _rows(y, training)),
                (_rows(x, held_out), _rows(y, held_out)),
                seed,
                options,
            )
            for name, value in found.items():
                scores.setdefault(name, []).append(float(value))
            outputs.append(predicted)
            places[held_out] = fold
    finally:
        for variable, value in before:
            variable.assign(value)
    order = np.argsort(np.concatenate([held_out for _, held_out in splits]))
    predictions = keras.tree.map_structure(
        lambda *parts: np.concatenate(parts)[order].tolist(), *outputs
    )
    return {"scores": scores, "predictions": predictions, "folds": places.tolist()}


def _of_study(study: Study) -> Callable:
    def train(training, held_out, seed, options):
        measure = options.get("measure")
        if measure is not None:
            raise LabError("cross_validate measures by itself: leave measure out.")
        found: list = []

        def predict(model):
            found.append(_predictions(model, held_out[0]))

        run = study.train(
            training, seed, held_out=held_out, **{**options, "measure": predict}
        )
        scores = {
            name.removeprefix(HELD_OUT): value
            for name, value in run.items()
            if name.startswith(HELD_OUT)
        }
        return scores, found[0]

    return train


def _of_model(model: keras.Model) -> Callable:
    optimizer = model.optimizer
    new = type(optimizer).from_config(optimizer.get_config())
    new.build(model.trainable_variables)
    for variable, fresh in zip(optimizer.variables, new.variables, strict=True):
        variable.assign(fresh.value)
    restart = Restart(model)

    def train(training, held_out, seed, options):
        reseed(seed)
        restart()
        fit(model, *training, seed=seed, **options)
        size = options["batch_size"]
        scores = model.evaluate(*held_out, batch_size=size, verbose=0, return_dict=True)
        return scores, _predictions(model, held_out[0])

    return train


def _predictions(model: keras.Model, x: Any) -> Any:
    predicted = model.predict(x, batch_size=1024, verbose=0)
    return keras.tree.map_structure(np.asarray, predicted)


def _state(model: keras.Model) -> list[tuple]:
    """Every variable of a model and its optimizer, with its value."""
    if not isinstance(model, keras.Model) or not model.built or not model.compiled:
        raise LabError(
            "cross_validate takes a Study or a compiled, built keras.Model (one that "
            f"begins with keras.Input), not this {type(model).__name__}."
        )
    model.optimizer.build(model.trainable_variables)
    return [
        (variable, keras.ops.convert_to_numpy(variable.value).copy())
        for variable in (*model.variables, *model.optimizer.variables)
    ]


def _rows(tree: Any, rows: np.ndarray) -> Any:
    return arrays.change(lambda array: np.asarray(array)[rows], tree)


def _samples(x: Any, y: Any, sample_weight: Any) -> int:
    """How many there are: as many in every array."""
    tree = {"x": x, "y": y, "sample_weight": sample_weight}
    for key, part in tree.items():
        if arrays.is_stream(part):
            kind = type(part).__name__
            raise LabError(f"cross_validate takes arrays; {key} is a {kind}.")
        arrays.refuse_lists(part, key)
        for name, leaf in arrays.leaves(part, key):
            arrays.check_form(leaf, name)
    lengths = {
        name: len(np.asarray(part))
        for key, part in tree.items()
        for name, part in arrays.leaves(part, key)
    }
    if not {"x", "y"} <= {name.partition("[")[0] for name in lengths}:
        raise LabError("cross_validate needs arrays x and y.")
    if len({*lengths.values()}) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise LabError(f"every array needs as many samples: {told}.")
    return next(iter(lengths.values()))


def _splits(
    y: Any, samples: int, folds: int, seed: int, stratified: bool | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows to train on and rows held out, a pair a fold."""
    from sklearn.model_selection import KFold, StratifiedKFold

    whole = isinstance(folds, (int, np.integer)) and not isinstance(folds, bool)
    if not whole or folds < 2:
        raise LabError(f"folds must be a whole number from 2, not {folds!r}.")
    if folds > samples:
        raise LabError(f"{samples} samples can't make {folds} folds.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise LabError(f"seed must be a whole number from 0, not {seed!r}.")
    classes = None if stratified is False else _classes(y)
    if classes is None and stratified:
        raise LabError(
            "stratified=True needs classes as targets: whole numbers (samples,) or "
            "one-hot rows."
        )
    seed = int(seed)
    if classes is None or (stratified is None and folds == samples):
        yield from KFold(folds, shuffle=True, random_state=seed).split(
            np.empty(samples)
        )
        return
    names, members = np.unique(classes, return_counts=True)
    least = members.argmin()
    if members[least] < folds:
        raise LabError(
            f"class {names[least]} has {members[least]} members, fewer than the "
            f"{folds} folds: take fewer folds, or stratified=False."
        )
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    yield from splitter.split(np.empty(samples), classes)


def _classes(y: Any) -> np.ndarray | None:
    """The classes of targets that are classes, else None."""
    if keras.tree.is_nested(y):
        return None
    targets = np.asarray(y)
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim == 1 and targets.dtype.kind in "iub":
        return targets
    binary = targets.ndim == 2 and np.isin(targets, (0, 1)).all()
    if binary and (targets.sum(1) == 1).all():
        return targets.argmax(1)
    return None
