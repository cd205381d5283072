"""What holds for every model of the zoo, whatever its family."""

import keras
import numpy as np
import pytest
import zoo_cases


@pytest.mark.parametrize("case", zoo_cases.CASES)
class TestEveryModel:
    def test_is_a_named_functional_model_with_float32_outputs(self, case):
        model = zoo_cases.CASES[case]()
        outputs = zoo_cases.predict(model, zoo_cases.inputs(model))
        assert isinstance(model, keras.Model)
        assert outputs.dtype == "float32"
        assert outputs.shape[1:] == tuple(size or 5 for size in model.output_shape[1:])
        assert np.isfinite(outputs).all()

    def test_saves_and_loads_to_equal_outputs(self, case, tmp_path):
        model = zoo_cases.CASES[case]()
        zoo_cases.fill(model)
        x = zoo_cases.inputs(model)
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(
            zoo_cases.predict(loaded, x), zoo_cases.predict(model, x)
        )
        assert loaded.name == model.name

    def test_a_training_step_moves_every_trainable_weight(self, case):
        model = zoo_cases.CASES[case]()
        model.compile(
            optimizer=keras.optimizers.SGD(1.0), loss="mse", jit_compile=False
        )
        x = zoo_cases.inputs(model, examples=16)
        before = [zoo_cases.to_numpy(v).copy() for v in model.trainable_variables]
        targets = np.ones((16, *zoo_cases.predict(model, x).shape[1:]), "float32")
        model.train_on_batch(x, targets)
        still = [
            v.path
            for v, old in zip(model.trainable_variables, before, strict=True)
            if np.array_equal(zoo_cases.to_numpy(v), old)
        ]
        assert before
        assert still == []


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize(
    "case", ["mlp_residual", "lenet", "resnet", "lstm", "dcgan_generator"]
)
def test_outputs_stay_float32_under_mixed_policies(case, policy):
    keras.config.set_dtype_policy(policy)
    model = zoo_cases.CASES[case]()
    half = policy.removeprefix("mixed_")
    outputs = model(zoo_cases.inputs(model), training=False)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    assert half in {layer.compute_dtype for layer in model.layers}
