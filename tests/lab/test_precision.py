import dataclasses
import doctest
import subprocess
import sys
import types

import pytest

from recipes.lab.training import precision
from recipes.lab.training.precision import Hardware, choose

AMX = frozenset({"fpu", "avx512_bf16", "amx_bf16", "amx_tile"})
AVX = frozenset({"fpu", "avx512_bf16"})
OLD = frozenset({"fpu", "avx2"})


@pytest.mark.parametrize("family", precision.FAMILIES)
@pytest.mark.parametrize(
    ("capability", "policy"),
    [
        ((6, 1), "float32"),
        ((7, 0), "mixed_float16"),
        ((7, 5), "mixed_float16"),
        ((8, 0), "mixed_bfloat16"),
        ((8, 9), "mixed_bfloat16"),
        ((12, 0), "mixed_bfloat16"),
    ],
)
def test_a_gpu_decides_alone(capability, policy, family):
    choice = choose("auto", family, Hardware("jax", capability, AMX))
    assert choice.policy == policy
    assert ".".join(map(str, capability)) in choice.reason


@pytest.mark.parametrize(
    ("backend", "flags", "family", "policy"),
    [
        ("tensorflow", AMX, "convolutional", "mixed_bfloat16"),
        ("tensorflow", AMX, "recurrent", "float32"),
        ("tensorflow", AMX, "dense", "float32"),
        ("tensorflow", AVX, "convolutional", "mixed_bfloat16"),
        ("tensorflow", AVX, "recurrent", "float32"),
        ("tensorflow", AVX, "dense", "float32"),
        ("jax", AVX, "convolutional", "float32"),
        ("torch", AVX, "convolutional", "mixed_bfloat16"),
        ("torch", AVX, "recurrent", "float32"),
        ("jax", AMX, "convolutional", "float32"),
        ("tensorflow", OLD, "convolutional", "float32"),
        ("tensorflow", frozenset(), "convolutional", "float32"),
    ],
)
def test_a_cpu_by_its_features_and_the_family(backend, flags, family, policy):
    assert choose("auto", family, Hardware(backend, None, flags)).policy == policy


@pytest.mark.parametrize("requested", precision.POLICIES)
@pytest.mark.parametrize("family", precision.FAMILIES)
def test_a_request_is_followed_without_a_look_at_the_machine(
    requested, family, monkeypatch
):
    monkeypatch.setattr(precision, "detect", lambda: pytest.fail("looked"))
    assert choose(requested, family).policy == requested


@pytest.mark.parametrize("flags", [AMX, AVX, OLD, frozenset()])
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
@pytest.mark.parametrize("capability", [None, (6, 0), (7, 5), (9, 0)])
@pytest.mark.parametrize("family", precision.FAMILIES)
def test_the_reason_is_one_sentence(flags, backend, capability, family):
    reason = choose("auto", family, Hardware(backend, capability, flags)).reason
    assert reason[0].isupper()
    assert reason.endswith(".")
    assert ". " not in reason
    assert len(reason) < 100


@pytest.mark.parametrize(
    ("requested", "family", "message"),
    [
        ("bf16", "dense", "requested must be one of 'auto', 'float32', .*; got 'bf16'"),
        (None, "dense", "requested must be one of .*; got None"),
        ("auto", "conv", "family must be one of 'dense', .*; got 'conv'"),
        ("float32", "", "family must be one of .*; got ''"),
    ],
)
def test_unknown_names(requested, family, message):
    with pytest.raises(ValueError, match=message):
        choose(requested, family)


def test_the_choice_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        choose("float32", "dense").policy = "mixed_float16"


def test_flags_of_a_cpuinfo(tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text(
        "processor\t: 0\nmodel name\t: X: Y\nflags\t\t: fpu amx_bf16 avx2\n\n"
        "processor\t: 1\nflags\t\t: fpu\n"
    )
    assert precision.cpu_flags(path) == {"fpu", "amx_bf16", "avx2"}
    path.write_text("processor\t: 0\nFeatures\t: fp asimd\n")
    assert precision.cpu_flags(path) == frozenset()
    assert precision.cpu_flags(tmp_path / "absent") == frozenset()


def test_this_machine_can_be_looked_at():
    found = precision.detect()
    assert found.backend in ("tensorflow", "jax", "torch")
    assert found.capability is None or found.capability >= (1, 0)
    assert choose("auto", "dense").policy in precision.POLICIES


def test_the_weakest_gpu_counts_and_other_makers_are_not_guessed(monkeypatch):
    names = ["9.0", "7.5", "gfx90a", None]
    devices = [types.SimpleNamespace(compute_capability=name) for name in names]
    fake = types.SimpleNamespace(devices=lambda: [*devices, object()])
    monkeypatch.setitem(sys.modules, "jax", fake)
    assert precision._capability("jax") == (7, 5)


def test_gpus_of_the_other_backends(monkeypatch):
    cuda = types.SimpleNamespace(
        is_available=lambda: True,
        device_count=lambda: 2,
        get_device_capability=lambda index: [(9, 0), (8, 6)][index],
    )
    version = types.SimpleNamespace(cuda="12.8")
    fake = types.SimpleNamespace(cuda=cuda, version=version)
    monkeypatch.setitem(sys.modules, "torch", fake)
    assert precision._capability("torch") == (8, 6)
    version.cuda = None
    assert precision._capability("torch") is None

    details = {"a": {"compute_capability": (8, 0)}, "b": {}}
    config = types.SimpleNamespace(
        list_physical_devices=lambda kind: list(details) if kind == "GPU" else [],
        experimental=types.SimpleNamespace(get_device_details=details.get),
    )
    monkeypatch.setitem(sys.modules, "tensorflow", types.SimpleNamespace(config=config))
    assert precision._capability("tensorflow") == (8, 0)
    assert precision._capability("openvino") is None


def test_importing_it_loads_no_backend():
    code = (
        "import sys, importlib.util as u; "
        "s = u.spec_from_file_location('p', sys.argv[1]); m = u.module_from_spec(s); "
        "sys.modules['p'] = m; s.loader.exec_module(m); m.choose('float32', 'dense'); "
        "sys.exit('keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, precision.__file__])
    assert done.returncode == 0


def test_examples():
    assert doctest.testmod(precision).failed == 0


@pytest.mark.slow
def test_accuracy_in_bfloat16_is_within_the_noise_of_the_seeds():
    import keras
    import numpy as np
    from scipy import stats
    from sklearn.datasets import load_digits

    import zoo

    bunch = load_digits()
    images = (bunch.images / 16.0).astype("float32")[..., None]
    order = np.random.default_rng(0).permutation(len(images))
    train, test = order[:1400], order[1400:]

    def accuracy(policy, seed):
        keras.config.set_dtype_policy(policy)
        keras.utils.set_random_seed(seed)
        model = zoo.lenet((8, 8, 1), 10, filters=(16, 32))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=keras.optimizers.Adam(3e-3), loss=loss)
        model.fit(images[train], bunch.target[train], epochs=8, verbose=0)
        logits = model.predict(images[test], verbose=0)
        assert logits.dtype == "float32"
        return float((logits.argmax(1) == bunch.target[test]).mean())

    try:
        pairs = np.array(
            [
                [accuracy(policy, seed) for policy in ("float32", "mixed_bfloat16")]
                for seed in range(5)
            ]
        )
    finally:
        keras.config.set_dtype_policy("float32")
    print(pairs)
    difference = pairs[:, 1] - pairs[:, 0]
    half = stats.t.ppf(0.975, 4) * difference.std(ddof=1) / np.sqrt(5)
    assert pairs.min() > 0.95
    # No more than 1 point lost on average, and no difference the seeds do not explain.
    assert abs(difference.mean()) < 0.01
    assert abs(difference.mean()) <= half + 1 / len(test)
