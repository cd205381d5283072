"""PyTorch by hand: the fastest variant of a plain loop over indexed tensors.

The variants are tried in a process of their own, so that their memory and threads
do not count; the winner is then trained round by round.
"""

import contextlib
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace

import _peer_works as works
from _peer_worker import Contestant, serve

TRIALS = 3  # passes of each variant, the fastest counts
TRIAL_SHARE = 4  # a pass is this part of a round's epoch
TRIAL_SECONDS = 180  # for all variants; torch.compile takes most of it


@dataclass(frozen=True)
class Variant:
    """How the same network is run."""

    bfloat16: bool = False
    channels_last: bool = False
    one_thread: bool = False
    compiled: bool = False
    graphs: bool = False

    def __str__(self) -> str:
        words = ["bf16" if self.bfloat16 else "float32"]
        words += ["NHWC"] * self.channels_last + ["1 thread"] * self.one_thread
        words += ["compiled"] * self.compiled + ["CUDA graphs"] * self.graphs
        return " ".join(words)


class Trainer:
    """One network, its optimizers and its data under one variant."""

    def __init__(self, work: works.Work, variant: Variant, threads: int):
        import torch

        torch.manual_seed(0)
        torch.set_num_threads(1 if variant.one_thread else threads)
        self.torch, self.work, self.variant = torch, work, variant
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        x, y = (torch.from_numpy(array) for array in works.arrays(work))
        if x.ndim == 4:
            x = x.permute(0, 3, 1, 2)
            x = x.contiguous(memory_format=self.layout)
        y = y.long() if y.dtype == torch.int32 else y
        self.x, self.y = x.to(self.device), y.to(self.device)
        self.prepare()

    @property
    def layout(self):
        last = self.variant.channels_last
        return self.torch.channels_last if last else self.torch.contiguous_format

    def prepare(self) -> None:
        from _peer_torch_models import NETWORKS, count

        functional = self.torch.nn.functional
        binary = self.work.name == "lstm"
        criterion = (
            functional.binary_cross_entropy_with_logits
            if binary
            else functional.cross_entropy
        )
        network = self.placed(NETWORKS[self.work.name]())
        self.parameters = count(network)
        optimizer = self.adam(network, 1e-3, 0.9)
        forward = self.maybe_compiled(lambda x, y: criterion(network(x).float(), y))

        def step(x, y):
            optimizer.zero_grad()
            with self.autocast():
                loss = forward(x, y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        self.step = step

    def placed(self, network):
        return network.to(self.device, memory_format=self.layout)

    def adam(self, network, rate: float, beta: float):
        trained = [p for p in network.parameters() if p.requires_grad]
        return self.torch.optim.Adam(trained, rate, (beta, 0.999), eps=1e-7, fused=True)

    def maybe_compiled(self, function):
        if not self.variant.compiled:
            return function
        mode = "reduce-overhead" if self.variant.graphs else None
        return self.torch.compile(function, dynamic=False, mode=mode)

    def autocast(self):
        if not self.variant.bfloat16:
            return contextlib.nullcontext()
        return self.torch.autocast(self.device.type, self.torch.bfloat16)

    def train(self, seed: int) -> float:
        """A round: every epoch in a new order; returns the last one's mean loss."""
        torch, size = self.torch, self.work.batch
        generator = torch.Generator(self.device).manual_seed(seed)
        for _ in range(self.work.epochs):
            order = torch.randperm(len(self.x), generator=generator, device=self.device)
            total = torch.zeros((), device=self.device)
            for rows in order.split(size):
                total += self.step(self.x[rows], self.y[rows]) * len(rows)
        return total.item() / len(self.x)


class GANTrainer(Trainer):
    """Both networks from gradients at the same weights, as `zoo.GAN` does."""

    def prepare(self) -> None:
        from _peer_torch_models import Discriminator, Generator, count

        torch, softplus = self.torch, self.torch.nn.functional.softplus
        made, judge = self.placed(Generator()), self.placed(Discriminator())
        self.parameters = count(made, judge)
        optimizers = [self.adam(network, 2e-4, 0.5) for network in (made, judge)]
        for name, weight in (*made.named_parameters(), *judge.named_parameters()):
            if weight.ndim > 1:
                torch.nn.init.normal_(weight, std=0.02)
            elif name.endswith("bias"):
                torch.nn.init.zeros_(weight)
        generate = self.maybe_compiled(lambda latents: made(latents))
        judged = self.maybe_compiled(lambda images: judge(images).float())

        def step(x, _):
            for optimizer in optimizers:
                optimizer.zero_grad()
            with self.autocast():
                images = generate(torch.randn(len(x), 100, device=self.device))
                d_loss = softplus(-judged(x)).mean()
                d_loss = d_loss + softplus(judged(images.detach())).mean()
            d_loss.backward()
            judge.requires_grad_(False)  # its own gradients are not needed again
            with self.autocast():
                g_loss = softplus(-judged(images)).mean()
            g_loss.backward()
            judge.requires_grad_(True)
            for optimizer in optimizers:
                optimizer.step()
            return (d_loss + g_loss).detach()

        self.step = step


def trainer(work: works.Work, variant: Variant, threads: int) -> Trainer:
    kind = GANTrainer if work.name == "dcgan" else Trainer
    return kind(work, variant, threads)


def try_variants(work: works.Work, precisions: tuple[bool, ...]) -> None:
    """Prints seconds by variant, one line of JSON each; the compiled one comes last.

    Args:
        work: What is trained.
        precisions: Whether in bfloat16: the choices.
    """
    import torch

    threads = torch.get_num_threads()  # PyTorch's own choice
    steps = max(2, work.steps // TRIAL_SHARE)
    work = replace(work, samples=steps * work.batch, epochs=1)
    # A layout matters to convolutions; one thread may win where steps are small.
    field = "channels_last" if work.family == "convolutional" else "one_thread"
    pointless = field == "one_thread" and torch.cuda.is_available()
    others = (False,) if pointless else (False, True)
    variants = [
        Variant(bfloat16, **{field: other})
        for other in others
        for bfloat16 in precisions
    ]
    seconds = {variant: _try(work, variant, threads) for variant in variants}
    best = min(seconds, key=seconds.__getitem__)
    _try(work, replace(best, compiled=True), threads)
    if torch.cuda.is_available():
        _try(work, replace(best, compiled=True, graphs=True), threads)


def _try(work: works.Work, variant: Variant, threads: int) -> float:
    seconds, failed = float("inf"), ""
    try:
        tried = trainer(work, variant, threads)
        tried.train(0)
        for trial in range(TRIALS):
            start = time.perf_counter()
            tried.train(trial)
            seconds = min(seconds, time.perf_counter() - start)
    except Exception as error:  # a variant that does not work here can't win
        failed = f"{type(error).__name__}: {error}"[:200]
    told = {"seconds": seconds, "failed": failed, "variant": asdict(variant)}
    print(json.dumps(told), flush=True)
    return seconds


def build(work: works.Work) -> Contestant:
    import torch

    command = [sys.executable, *sys.argv, "--try"]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=TRIAL_SECONDS
        )
        lines = done.stdout
    except subprocess.TimeoutExpired as error:  # keeps what was tried before
        lines = (error.stdout or b"").decode()
    tried = [json.loads(line) for line in lines.splitlines() if line.endswith("}")]
    best = min(tried, key=lambda told: told["seconds"], default=None)
    if best and best["failed"]:  # none works
        raise RuntimeError(best["failed"])
    variant = Variant(**best["variant"]) if best else Variant()
    threads = torch.get_num_threads()
    chosen = trainer(work, variant, threads)
    notes = {"tried": tried, "threads": threads}
    about = {"parameters": chosen.parameters, "detail": str(variant)}
    return Contestant(chosen.train, lambda: about, notes)


def main(precisions: tuple[bool, ...] = (False, True)) -> None:
    """Is the worker, or tries the variants for it."""
    if "--try" in sys.argv:
        work = works.named(sys.argv[1], "--quick" in sys.argv, "--gpu" in sys.argv)
        try_variants(work, precisions)
    else:
        serve("torch", build)


if __name__ == "__main__":
    main()
