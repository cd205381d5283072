"""torchvision's weights give PyTorch's outputs."""

import numpy as np
import pytest
import zoo_cases

import zoo

torch = pytest.importorskip("torch")


def block(channels, width, stride, bottleneck):
    """A residual block with the published names: conv1, bn1, ..., downsample."""
    nn = torch.nn

    def conv(inner, outer, size, step=1):
        return nn.Conv2d(inner, outer, size, step, size // 2, bias=False)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            out = width * (4 if bottleneck else 1)
            plan = [(channels, width, 3, stride), (width, width, 3, 1)]
            if bottleneck:
                plan = [(channels, width, 1, 1), (width, width, 3, stride),
                        (width, out, 1, 1)]  # fmt: skip
            self.count = len(plan)
            for index, entry in enumerate(plan, start=1):
                setattr(self, f"conv{index}", conv(*entry))
                setattr(self, f"bn{index}", nn.BatchNorm2d(entry[1]))
            self.downsample = None
            if stride > 1 or channels != out:
                self.downsample = nn.Sequential(
                    conv(channels, out, 1, stride), nn.BatchNorm2d(out)
                )

        def forward(self, x):
            y = x
            for index in range(1, self.count + 1):
                y = getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(y))
                y = torch.relu(y) if index < self.count else y
            return torch.relu(
                y + (x if self.downsample is None else self.downsample(x))
            )

    return Block()


class Reference(torch.nn.Module):
    """He et al. (2015), table 1, in the form and with the names of torchvision."""

    def __init__(self, depths, bottleneck, classes):
        super().__init__()
        nn = torch.nn
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        for stage, depth in enumerate(depths, start=1):
            width, blocks = 32 << stage, []
            for index in range(depth):
                stride = 2 if stage > 1 and index == 0 else 1
                blocks.append(block(channels, width, stride, bottleneck))
                channels = width * (4 if bottleneck else 1)
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.nn.functional.max_pool2d(x, 3, 2, 1)
        for stage in range(1, 5):
            x = getattr(self, f"layer{stage}")(x)
        return self.fc(x.mean((2, 3)))


PLANS = {
    "resnet18": ((2, 2, 2, 2), False),
    "resnet34": ((3, 4, 6, 3), False),
    "resnet50": ((3, 4, 6, 3), True),
}
AS_THERE = {"padding": "symmetric", "epsilon": 1e-5}


def reference(name, classes=7):
    torch.manual_seed(0)
    network = Reference(*PLANS[name], classes).eval()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.weight, 0.5, 1.0)
            torch.nn.init.normal_(layer.bias, 0.0, 0.2)
            torch.nn.init.normal_(layer.running_mean, 0.0, 0.2)
            torch.nn.init.uniform_(layer.running_var, 0.01, 1.5)
    return network


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("size", [(64, 64), (45, 50)])
def test_outputs_are_those_of_pytorch(name, size):
    network = reference(name)
    model = getattr(zoo, name)((None, None, 3), 7, **AS_THERE)
    zoo.load_torchvision(model, network.state_dict())
    x = np.random.default_rng(0).standard_normal((2, *size, 3)).astype("float32")
    with torch.no_grad():
        expected = network(torch.tensor(x.transpose(0, 3, 1, 2))).numpy()
    got = zoo_cases.predict(model, x)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(got / scale, expected / scale, atol=1e-4)


def test_a_file_and_a_network_without_the_top(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    arrays = {k: v.numpy() for k, v in reference("resnet18").state_dict().items()}
    safetensors.save_file(arrays, tmp_path / "resnet18.safetensors")
    model = zoo.resnet18((64, 64, 3), 7, include_top=False, **AS_THERE)
    zoo.load_torchvision(model, tmp_path / "resnet18.safetensors")
    np.testing.assert_array_equal(
        model.get_layer("stem").get_weights()[0],
        arrays["conv1.weight"].transpose(2, 3, 1, 0),
    )


def renamed(state):
    return {key.replace("layer4.1", "layer4.9"): value for key, value in state.items()}


@pytest.mark.parametrize(
    ("build", "change", "message"),
    [
        (lambda: zoo.resnet18((64, 64, 3), 7), dict, "model must be built as"),
        (lambda: zoo.resnet18((64, 64, 3), 7, epsilon=1e-5), dict, "must be built as"),
        (
            lambda: zoo.resnet18((64, 64, 3), 7, padding="symmetric"),
            dict,
            "model must be built as",
        ),
        (lambda: zoo.mlp((3,), 2), dict, "model must be built as"),
        (lambda: zoo.resnet34((64, 64, 3), 7, **AS_THERE), dict, "they are missing"),
        (lambda: zoo.resnet18((64, 64, 3), 8, **AS_THERE), dict, r"weights\['fc"),
        (lambda: zoo.resnet18((64, 64, 3), 7, **AS_THERE), renamed, "are missing"),
        (
            lambda: zoo.resnet18((64, 64, 3), 7, **AS_THERE),
            lambda state: {**state, "more": state["fc.bias"]},
            "must not hold more",
        ),
        (
            lambda: zoo.resnet18((64, 64, 3), 7, **AS_THERE),
            lambda state: "resnet18.pth",
            "weights must be .*; got 'resnet18.pth'",
        ),
        (
            lambda: zoo.resnet18((64, 64, 3), 7, **AS_THERE),
            lambda state: 3,
            "weights must be .*; got 'int'",
        ),
    ],
)
def test_refusals_change_nothing(build, change, message):
    model = build()
    before = [w.copy() for w in model.get_weights()]
    state = change(reference("resnet18").state_dict())
    with pytest.raises(ValueError, match=message):
        zoo.load_torchvision(model, state)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    "settings",
    [{"activation": "gelu"}, {"activation": "linear"}, {"rescale": True},
     {"pooling": "max"}],
)  # fmt: skip
def test_what_computes_something_else_without_weights_is_refused(settings):
    model = zoo.resnet18((32, 32, 3), 10, **AS_THERE, **settings)
    with pytest.raises(ValueError, match="model must be built as resnet18"):
        zoo.load_torchvision(model, {})


def test_half_precision_of_every_kind_is_read():
    state = Reference(*PLANS["resnet18"], 10).state_dict()
    model = zoo.resnet18((32, 32, 3), 10, **AS_THERE)
    for dtype in (torch.bfloat16, torch.float16, torch.float64):
        zoo.load_torchvision(model, {k: v.to(dtype) for k, v in state.items()})
        np.testing.assert_allclose(
            model.get_layer("logits").get_weights()[1],
            state["fc.bias"].to(dtype).float().numpy(),
            rtol=1e-6,
        )
    with pytest.raises(ValueError, match=r"weights\['fc.bias'\] must be numbers"):
        zoo.load_torchvision(model, {**state, "fc.bias": np.array(["a"] * 10)})


def test_files_that_are_none_are_refused(tmp_path):
    model = zoo.resnet18((32, 32, 3), 10, **AS_THERE)
    missing, cut = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    with pytest.raises(ValueError, match="weights can't be read"):
        zoo.load_torchvision(model, missing)
    numpy = pytest.importorskip("safetensors.numpy")
    whole = numpy.save({"fc.bias": np.zeros(10, "float32")})
    for content in (b"", b"PK", whole[:-4], whole[:20]):
        cut.write_bytes(content)
        with pytest.raises(ValueError, match=r"must be a whole \.safetensors file"):
            zoo.load_torchvision(model, cut)
