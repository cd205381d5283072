"""Six tasks from the same noisy images: what is asked, in each output's form."""

import numpy as np

GRADES, LEVELS = 4, 3  # of the ink on an image, and of a pixel's brightness
NOISE = 0.3  # of the pixels, which lie in [0, 1]: no task is too easy


def answers(images, labels, quartiles) -> dict[str, np.ndarray]:
    """What is asked of each image, by task."""
    ink = images.sum((1, 2, 3))
    columns = np.arange(images.shape[2]) - (images.shape[2] - 1) / 2
    center = (images.sum((1, 3)) * columns).sum(1) / np.maximum(ink, 1e-6)
    return {
        "two classes": (labels >= 5).astype(int),
        "more classes": labels,
        "regression": center.astype("float32"),
        "pixels of two classes": (images[..., 0] > 0.5).astype(int),
        "pixels of three classes": (images[..., 0, None] > [0.25, 0.75]).sum(-1),
        "ordered grades": np.searchsorted(quartiles, ink),
    }


def target(answer, form: str, units: int) -> np.ndarray:
    """The answer in the form that an output learns from."""
    forms = {
        "0 or 1": lambda: answer[..., None],
        "number": lambda: answer[..., None],
        "one-hot": lambda: np.eye(units)[answer],
        "above": lambda: answer[..., None] > np.arange(units),
        "index": lambda: answer,
    }
    return forms[form]().astype("int32" if form == "index" else "float32")


def answered(output, form: str) -> np.ndarray:
    """The answer that an output stands for."""
    if form in ("index", "one-hot"):
        return output.argmax(-1)
    if form == "above":
        return (output > 0.5).sum(-1)
    if form == "number":
        return output[..., 0]
    return (output[..., 0] > 0.5).astype(int)


def error(task: str, found, answer) -> float:
    """Wrong answers, mean square of the number, grades off: the less the better."""
    if task == "regression":
        return float(((found - answer) ** 2).mean())
    if task == "ordered grades":
        return float(np.abs(np.clip(np.rint(found), 0, GRADES - 1) - answer).mean())
    return float((found != answer).mean())


def tasks(data, samples: int) -> tuple[tuple, tuple]:
    """Noisy images with the answers by task, for training and test."""
    rng, most = np.random.default_rng(0), min(samples, len(data.x_train))
    train_images, test_images = data.x_train[:most], data.x_test[:most]
    ink = train_images.sum((1, 2, 3))
    quartiles = np.quantile(ink, np.arange(1, GRADES) / GRADES)
    noisy, noisy_test = (
        (x + rng.normal(0, NOISE, x.shape)).astype("float32")
        for x in (train_images, test_images)
    )
    return (
        (noisy, answers(train_images, data.y_train[:most], quartiles)),
        (noisy_test, answers(test_images, data.y_test[:most], quartiles)),
    )
