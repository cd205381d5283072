"""The zoo's networks in PyTorch, written by hand.

Weights come in the same order as in Keras, and images are flattened with the
channels last, so that a transposed copy of Keras's weights gives the same outputs
(tests/test_bench.py). One thing differs: for a stride of 2 and an even size Keras
pads after the image only, PyTorch both before and after.
"""

import _peer_works as works
import torch
from torch import nn
from torch.nn import functional

EPSILON = 1e-3  # and a momentum of 0.99: Keras's batch normalization


def norm2d(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=0.01)


class Flat(nn.Module):
    """(batch, channels, height, width) to rows; a view where memory is NHWC."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(784, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def lenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        Flat(),
        nn.Linear(7 * 7 * 64, 10),
    )


class Block(nn.Module):
    """Two convolutions; the shortcut skips pixels and adds channels of zeros."""

    def __init__(self, channels: int, width: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.norm1 = norm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm2 = norm2d(width)
        self.stride, self.missing = stride, width - channels

    def forward(self, x):
        y = functional.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        if self.stride > 1:
            x = x[:, :, :: self.stride, :: self.stride]
        if self.missing:
            x = functional.pad(x, (0, 0, 0, 0, 0, self.missing))
        return functional.relu(x + y)


class ResNet20(nn.Module):
    """Three stages of three blocks."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 16, 3, padding=1, bias=False), norm2d(16)
        sizes = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2
        sizes += [(32, 64, 2)] + [(64, 64, 1)] * 2
        self.blocks = nn.Sequential(*(Block(*size) for size in sizes))
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x = self.blocks(functional.relu(self.norm(self.stem(x))))
        return self.head(x.mean((2, 3)))


class LSTM(nn.Module):
    """Embedding, LSTM, one logit from the last state."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(works.VOCABULARY, 64)
        self.lstm = nn.LSTM(64, 64, batch_first=True)
        # PyTorch has a second bias, which adds nothing; Keras has one.
        nn.init.zeros_(self.lstm.bias_hh_l0)
        self.lstm.bias_hh_l0.requires_grad_(False)
        self.head = nn.Linear(64, 1)

    def forward(self, tokens):
        outputs, _ = self.lstm(self.embedding(tokens))
        return self.head(outputs[:, -1])


class Generator(nn.Module):
    """Latents to images in [0, 1]."""

    def __init__(self):
        super().__init__()
        self.project = nn.Linear(100, 7 * 7 * 128, bias=False)
        self.norm1 = norm2d(128)
        self.up1 = nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False)
        self.norm2 = norm2d(64)
        self.up2 = nn.ConvTranspose2d(64, 1, 4, 2, 1)

    def forward(self, latents):
        x = self.project(latents).view(-1, 7, 7, 128).permute(0, 3, 1, 2)
        x = functional.relu(self.norm1(x))
        x = functional.relu(self.norm2(self.up1(x)))
        return torch.tanh(self.up2(x).float()) * 0.5 + 0.5


class Discriminator(nn.Module):
    """Images to one logit."""

    def __init__(self):
        super().__init__()
        self.down1 = nn.Conv2d(1, 64, 4, 2, 1)
        self.down2 = nn.Conv2d(64, 128, 4, 2, 1, bias=False)
        self.norm = norm2d(128)
        self.head = nn.Linear(7 * 7 * 128, 1)
        self.flat = Flat()

    def forward(self, x):
        x = functional.leaky_relu(self.down1(x * 2 - 1), 0.2)
        x = functional.leaky_relu(self.norm(self.down2(x)), 0.2)
        return self.head(self.flat(x))


NETWORKS = {"mlp": mlp, "lenet": lenet, "resnet20": ResNet20, "lstm": LSTM}


def count(*networks: nn.Module) -> int:
    """How many numbers are trained."""
    parameters = [p for network in networks for p in network.parameters()]
    return sum(p.numel() for p in parameters if p.requires_grad)
