"""Training, conversion and the reference run, alike for all examples."""

import csv
from pathlib import Path

import numpy as np
import tensorflow as tf

ROOT = Path(__file__).resolve().parent.parent


def prepare(seed: int) -> None:
    """One thread, seeded, deterministic kernels: as repeatable as TensorFlow allows."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def train(model, x: np.ndarray, y: np.ndarray, epochs: int) -> None:
    steps = epochs * int(np.ceil(len(x) / 64))
    rate = tf.keras.optimizers.schedules.CosineDecay(4e-3, steps)
    model.compile(tf.keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=2)


def converter(model, fixed_batch: bool):
    """With a fixed batch the file holds batch 1; without, its shape signature keeps -1."""
    if fixed_batch:
        single = tf.keras.layers.Input(batch_shape=(1, *model.input_shape[1:]), name=model.inputs[0].name)
        weights = model.get_weights()
        model = tf.keras.models.clone_model(model, input_tensors=single)
        model.set_weights(weights)
    return tf.lite.TFLiteConverter.from_keras_model(model)


def to_float(model, fixed_batch: bool) -> bytes:
    return converter(model, fixed_batch).convert()


def to_int8(model, calibration: np.ndarray, fixed_batch: bool) -> bytes:
    """Full-integer post-training quantization, int8 in and out; the ranges come from `calibration`."""
    c = converter(model, fixed_batch)
    c.optimizations = [tf.lite.Optimize.DEFAULT]
    c.representative_dataset = lambda: ([sample[None]] for sample in calibration)
    c.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    c.inference_input_type = c.inference_output_type = tf.int8
    return c.convert()


class Reference:
    """TFLite's own interpreter with its reference kernels (BUILTIN_REF)."""

    def __init__(self, path: Path):
        self.engine = tf.lite.Interpreter(
            str(path), experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF, num_threads=1
        )
        self.engine.allocate_tensors()
        self.input, self.output = self.engine.get_input_details()[0], self.engine.get_output_details()[0]

    def quantize(self, x: np.ndarray) -> np.ndarray:
        """The model's own input values: round(x / scale), halves away from zero, + zero point."""
        if self.input["dtype"] == np.float32:
            return x
        scale, zero = self.input["quantization"]
        q = (x / np.float32(scale)).astype(np.float64)
        q = np.trunc(q + np.copysign(0.5, q)) + zero
        return np.clip(q, -128, 127).astype(np.int8)

    def run(self, x: np.ndarray) -> np.ndarray:
        self.engine.set_tensor(self.input["index"], x[None])
        self.engine.invoke()
        return self.engine.get_tensor(self.output["index"])


def judge(name: str, path: Path, inputs: np.ndarray, labels: np.ndarray, golden: int, cases: list) -> dict:
    """Runs every sample; writes the first `golden` of them as golden cases; the result goes into expected.json."""
    reference = Reference(path)
    form = np.dtype(reference.input["dtype"]).name
    predicted, outputs = [], []
    for index, sample in enumerate(inputs):
        x = reference.quantize(sample)
        y = reference.run(x)
        predicted.append(int(np.argmax(y)))  # the first of equal scores
        outputs.append(y[0])
        if index < golden:
            case = f"{name}/{index}"
            files = {key: f"cases/{name}-{index}.{key}.npy" for key in ("in", "out")}
            (ROOT / "cases").mkdir(exist_ok=True)
            np.save(ROOT / files["in"], x[None])
            np.save(ROOT / files["out"], y)
            cases.append({
                "name": case,
                "op": "model",
                "form": form,
                "model": str(path.relative_to(ROOT)),
                "inputs": [{"name": reference.input["name"], "file": files["in"]}],
                "outputs": [{"name": reference.output["name"], "file": files["out"]}],
                "ref": "BUILTIN_REF",
                "exact": form != "float32",
                "float_tolerance": {"abs": 1e-5, "rel": 1e-5} if form == "float32" else None,
                "stateful": False,
            })
    right = int(np.sum(np.array(predicted) == labels))
    return {
        "model": str(path.relative_to(ROOT)),
        "form": form,
        "samples": len(labels),
        "correct": right,
        "top1": right / len(labels),
        "predicted": predicted,
    }


def write_labels(path: Path, files: list[str], labels: np.ndarray) -> None:
    with open(path, "w", newline="") as handle:
        rows = csv.writer(handle, lineterminator="\n")
        rows.writerow(["file", "label"])
        rows.writerows(zip(files, (int(label) for label in labels)))


