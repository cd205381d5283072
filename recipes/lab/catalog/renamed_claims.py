"""Claims under the ids that they had once: an id is a neutral name of the question."""

RENAMED = {
    "backward-2-2-1-output": "backward-2-2-1",
    "bias-not-redundant-before-layernorm": "bias-redundant-before-layernorm",
    "cnn-hierarchy-first-layers": "cnn-filters-local-patterns",
    "dropout-distributes-weight": "dropout-like-l2",
    "dropout-exact-share": "dropout-rate",
    "epochs-too-few-many": "epochs-too-many",
    "hp-interactions-architecture": "hp-interactions",
    "opt-sgd-slow-is-lr": "opt-sgd-slower",
    "pair-softmax-mse-vanishes": "pair-softmax-mse",
    "perceptron-single-neuron-can-learn": "perceptron-single-neuron",
    "relu-gradient-positive-is-one": "relu-gradient-near-zero",
    "relu-nondifferentiable-at-zero": "relu-differentiable",
    "sched-stability-finetune": "sched-late-stability",
    "tanh-saturates-faster": "tanh-saturation-speed",
}


def current_id(id: str) -> str:
    """Returns the id that a claim has today."""
    return RENAMED.get(id, id)


def earlier_ids(id: str) -> list[str]:
    """Returns the ids that a claim had before this one."""
    return [old for old, new in RENAMED.items() if new == id]
