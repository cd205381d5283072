"""What pooling costs, keeps and saves."""

import keras
import numpy as np
from keras import layers

from recipes.architectures._cnn_counting import built
from recipes.architectures._cnn_maps import formula
from zoo import lenet

WINDOWS = (
    *(layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D),
    *(layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D),
)
GLOBAL = (
    *(layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D),
    *(layers.GlobalMaxPooling3D, layers.GlobalAveragePooling1D),
    *(layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D),
)
NOTES_SIZES = (16, 8, 4, 2, 1)  # four poolings; the notes go on with 0.5
HEADS = {"flatten": "flatten and dense", "global_average": "global average"}


def judge(lab) -> dict[str, dict[str, int]]:
    """States the verdicts on pooling.

    Returns:
        For each variant of the notes' network the parameters of its layers.
    """
    _no_parameters(lab)
    _channels(lab)
    _five_times(lab)
    return _heads(lab)


def pooling_layers() -> dict:
    """One layer of every kind by name; windows of 2 where a kind has windows."""
    made = [kind(pool_size=2) for kind in WINDOWS] + [kind() for kind in GLOBAL]
    return {type(layer).__name__: layer for layer in made}


def image_of(name: str, channels: int) -> tuple[int, ...]:
    """The shape that a kind of pooling takes: 8, 8×8 or 8×8×8 and channels."""
    return (*(8,) * int(name[-2]), channels)


def _no_parameters(lab) -> None:
    counts = {
        name: built(layer, *image_of(name, 3)).count_params()
        for name, layer in pooling_layers().items()
    }
    lab.verdict(
        "cnn-pool-no-params",
        not any(counts.values()),
        evidence={"parameters": counts},
        note=f"{len(counts)} kinds of pooling have {sum(counts.values())} parameters "
        "together.",
    )


def _channels(lab) -> None:
    kept = {
        name: {c: layer(keras.Input(image_of(name, c))).shape[-1] for c in (1, 3, 64)}
        for name, layer in pooling_layers().items()
    }
    leaked = {name: leak(layer, name) for name, layer in pooling_layers().items()}
    lab.verdict(
        "cnn-pool-keeps-channels",
        all(c == out for row in kept.values() for c, out in row.items())
        and not any(leaked.values()),
        evidence={"channels_out_by_in": kept, "reaches_other_channels": leaked},
        note=f"Through {len(kept)} kinds of pooling 1, 3 and 64 channels come out as "
        "they go in, and what is in one channel stays in it.",
    )


def leak(layer, name: str) -> float:
    """Fills the middle one of three channels; returns what the others show of it."""
    image = np.zeros((1, *image_of(name, 3)), "float32")
    image[..., 1] = 1
    out = keras.ops.convert_to_numpy(layer(image))
    return float(np.abs(out[..., [0, 2]]).max())


def pooled(padding: str, often: int = 5) -> list[int]:
    """Max-pools 16×16 pixels again and again.

    Returns:
        The sides, from 16 on; fewer than asked for where Keras refuses.
    """
    x, found = keras.Input((16, 16, 1)), [16]
    for _ in range(often):
        try:
            x = layers.MaxPooling2D(2, padding=padding)(x)
        except ValueError:
            break
        found.append(x.shape[1])
    return found


def _five_times(lab) -> None:
    valid, same = pooled("valid"), pooled("same")
    fifth = formula(1, 2, 0, 2)
    lab.verdict(
        "cnn-pool-five-times",
        {
            "padding='valid'": tuple(valid) == NOTES_SIZES,
            "padding='same'": len(same) < 6,
        },
        evidence={
            "sizes_valid": valid,
            "sizes_same": same,
            "formula_for_the_fifth": float(fifth),
        },
        note=f"Without padding the sizes are {', '.join(map(str, valid))} and Keras "
        f"refuses the fifth pooling: the formula's {float(fifth):g} rounds down to "
        f"{int(fifth)}. With padding='same' the fifth leaves {same[-1]}×{same[-1]}.",
    )


def _heads(lab) -> dict[str, dict[str, int]]:
    variants, rows, shrinks = {}, [], {}
    for head, title in HEADS.items():
        totals = []
        for pooling in ("max", "average", None):
            model = lenet(head=head, pooling=pooling)
            totals.append(model.count_params())
            variants[f"{title}, {pooling or 'no'} pooling"] = {
                layer: model.get_layer(layer).count_params()
                for layer in ("conv_1", "conv_2", "logits")
            }
        rows.append([title, *totals])
        shrinks[f"head: {title}"] = max(totals[:2]) < totals[2]
    columns = ["head \\ pooling", "max", "average", "none"]
    lab.table("Parameters by head and pooling", columns, rows)
    (_, flat, _, flat_without), (_, mean, _, mean_without) = rows
    lab.verdict(
        "cnn-pool-reduces-params",
        shrinks,
        evidence={"parameters": variants},
        note=f"Pooling has none to save; it shrinks a dense layer behind a flatten "
        f"({flat_without:,} parameters become {flat:,}). Behind global average pooling "
        f"there are {mean:,} with it and {mean_without:,} without.",
    )
    return variants
