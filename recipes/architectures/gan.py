"""Generative adversarial networks: noise into numbers, noise into digits.

The losses are judged by formula, then both generator losses train a GAN of two
small networks on the line, and a DCGAN on images, each pair from the same seeds.

Notes: 1.25 Generative adversarial networks
Data: digits by default; `--data mnist` for larger ones (about 12 min).
Run: recipes run gan   (about 1 min on 2 CPU cores)
References: Goodfellow et al. (2014); Radford et al. (2015); Arjovsky and Bottou
    (2017); Heusel et al. (2017).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from recipes.architectures import _gan_figures as pictures
from recipes.architectures._gan_formulas import judge_formulas
from recipes.architectures._gan_images import (
    farther_on_the_way,
    judge_images,
    learn_images,
)
from recipes.architectures._gan_line import (
    NEAR_ZERO,
    OPTIMIZERS,
    STARTS,
    Case,
    judge_roles,
    judge_speed,
    learn_line,
)
from recipes.architectures._gan_pair import LOSSES
from recipes.lab import lab_main, stats

CLAIMS = {
    "gan-roles": "The generator maps noise to data; the discriminator is a binary "
    "classifier.",
    "gan-objectives": "The generator is trained to fool the discriminator, the "
    "discriminator to tell real from generated.",
    "gan-early-d-small": "At the start of training D(G(z)) is near 0.",
    "gan-saturating-vs-not": "Early on the gradient of log(1-D(G(z))) vanishes, that "
    "of -log D(G(z)) does not.",
    "gan-curve-subtle": "-log D(G(z)) is the more subtle, that is flatter, of the two "
    "curves.",
    "gan-strong-early-signal": "With -log D(G(z)) the generator improves faster.",
    "gan-equilibrium": "D(G(z)) comes close to 1 once the generated distribution "
    "equals the data's.",
    "gan-log4": "The value of the game at its optimum is -log 4.",
    "gan-small-image": "A GAN makes images from noise.",
}
SMOKE = {
    "seeds": 1,
    "image_seeds": 1,
    "line_steps": 20,
    "head_start": 10,
    "steps": 10,
}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions on the line."
    image_seeds: int = 3
    "Independent repetitions on images."
    line_steps: int = 600
    "Updates of both networks on the line."
    head_start: int = 100
    "Updates of a discriminator that starts ahead."
    steps: int = 1500
    "Updates of both networks on images, in ten rounds."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images."


def experiment(lab):
    """Judges every claim of the chapter."""
    judge_formulas(lab)
    pictures.draw_losses(lab)
    line = learn_line(lab)
    judge_roles(lab, line)
    pictures.draw_line(lab, line)
    images, runs, leads = learn_images(lab)
    judge_start(lab, line, images, runs, leads)
    judge_speed(lab, line, farther_on_the_way(runs))
    judge_images(lab, images.ruler, runs)
    pictures.draw_gradients(lab, images, leads, runs)
    pictures.draw_samples(lab, images, runs)
    pictures.draw_quality(lab, images, runs)


def judge_start(lab, line, images, runs, leads) -> None:
    """Judges what D says of the first samples: untrained, ahead, and side by side."""
    seen = {}
    for start, steps in zip(STARTS, (0, lab.settings.head_start), strict=True):
        for optimizer in OPTIMIZERS:
            several = line[Case(optimizer, start, LOSSES[0])]
            told = [run["first"]["d_fake"] for run in several]
            seen[f"line, {optimizer}, after {steps} steps of D alone"] = told
    for index, steps in enumerate(images.leads):
        told = [run["looks"][index]["d_fake"] for run in leads]
        seen[f"images, after {steps} steps of D alone"] = told
    for loss, several in runs.items():
        told = [min(run["history"]["d_fake"]) for run in several]
        seen[f"images, least of all rounds of both, {loss}"] = told
    gaps = {
        name: stats.paired(values, [NEAR_ZERO] * len(values))
        for name, values in seen.items()
    }
    shown = ", ".join(f"{name} {np.mean(values):.3f}" for name, values in seen.items())
    lab.verdict(
        "gan-early-d-small",
        {name: gap.negative for name, gap in gaps.items()},
        evidence={
            "mean_D_of_generated_samples": seen,
            "near_0_is_below": NEAR_ZERO,
            "generator_gradient_norms_on_images": [run["looks"] for run in leads],
        },
        note=f"Mean D(G(z)): {shown}.",
    )


if __name__ == "__main__":
    lab_main(experiment)
