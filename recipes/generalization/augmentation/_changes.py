"""Changes of test images: what a network meets that was trained on other ones."""

from functools import partial

import numpy as np


def shifted(images: np.ndarray, share: float) -> np.ndarray:
    """Moves images to the right by a share of their width; zeros come in."""
    pixels = max(1, round(share * images.shape[2]))
    moved = np.zeros_like(images)
    moved[:, :, pixels:] = images[:, :, :-pixels]
    return moved


def rotated(images: np.ndarray, degrees: float) -> np.ndarray:
    """Turns images about their centers, bilinearly."""
    from scipy.ndimage import rotate

    turned = rotate(images, degrees, axes=(2, 1), reshape=False, order=1)
    return turned.astype(images.dtype)


def brightened(images: np.ndarray, by: float) -> np.ndarray:
    """Adds to every pixel, within [0, 1]."""
    return np.clip(images + np.float32(by), 0, 1)


def flattened(images: np.ndarray, contrast: float) -> np.ndarray:
    """Pulls every pixel towards the middle gray."""
    return (0.5 + contrast * (images - 0.5)).astype(images.dtype)


def noisy(images: np.ndarray, deviation: float) -> np.ndarray:
    """Adds Gaussian noise, the same for every network."""
    noise = np.random.default_rng(82).normal(0, deviation, images.shape)
    return (images + noise).astype(images.dtype)


def occluded(images: np.ndarray, share: float) -> np.ndarray:
    """Covers a square of a share of the width, somewhere, with black."""
    rng, hidden = np.random.default_rng(83), images.copy()
    side = max(1, round(share * images.shape[1]))
    corners = rng.integers(0, images.shape[1] - side + 1, (len(images), 2))
    for image, (top, left) in zip(hidden, corners, strict=True):
        image[top : top + side, left : left + side] = 0
    return hidden


CHANGES = {
    "as they are": lambda images: images,
    "shifted by 1/8": partial(shifted, share=1 / 8),
    "shifted by 1/4": partial(shifted, share=1 / 4),
    "turned by 15°": partial(rotated, degrees=15),
    "turned by 30°": partial(rotated, degrees=30),
    "brighter": partial(brightened, by=0.3),
    "darker": partial(brightened, by=-0.3),
    "low contrast": partial(flattened, contrast=0.3),
    "noisy": partial(noisy, deviation=0.3),
    "partly covered": partial(occluded, share=3 / 8),
}
