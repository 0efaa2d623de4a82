"""Makes everything under examples/ that is not written by hand: data, models, golden cases, expected.json.

    python3 examples/generate/make.py            # about five minutes on one core; needs TensorFlow 2.21
"""

import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

import common
import shapes
import tones

SEED = 20
TEST = 240
CALIBRATION = 200
GOLDEN = 3


def write(path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(f"{path.relative_to(common.ROOT)}: {len(content)} bytes")


def make_shapes(cases: list) -> list:
    common.prepare(SEED)
    pictures, labels = shapes.samples(12800, SEED)
    model = shapes.network(tf)
    common.train(model, shapes.normalise(pictures), labels, epochs=20)

    folder = common.ROOT / "shapes"
    test, truth = shapes.samples(TEST, SEED + 1)
    files = [f"{index:03d}.png" for index in range(TEST)]
    for name, picture in zip(files, test):
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "data" / name).write_bytes(tf.io.encode_png(picture, compression=9).numpy())
    common.write_labels(folder / "data" / "labels.csv", files, truth)

    calibration = pictures[:CALIBRATION]
    write(folder / "shapes_fp32.tflite", common.to_float(model, fixed_batch=True))
    write(folder / "shapes_int8.tflite", common.to_int8(model, shapes.normalise(calibration), fixed_batch=True))
    # The mistake: calibrated on pixels in 0..1, without the mean and the deviation that the model expects.
    unnormalised = calibration.astype(np.float32) / np.float32(255.0)
    broken = common.ROOT / "broken" / "shapes_int8.tflite"
    write(broken, common.to_int8(model, unnormalised, fixed_batch=True))

    inputs = shapes.normalise(test)
    return [
        common.judge("shapes_fp32", folder / "shapes_fp32.tflite", inputs, truth, GOLDEN, cases),
        common.judge("shapes_int8", folder / "shapes_int8.tflite", inputs, truth, GOLDEN, cases),
        common.judge("broken_int8", broken, inputs, truth, GOLDEN, cases),
    ]


def make_tones(cases: list) -> list:
    common.prepare(SEED)
    words, labels = tones.samples(4800, SEED)
    model = tones.network(tf)
    common.train(model, words, labels, epochs=10)

    folder = common.ROOT / "tones"
    test, truth = tones.samples(TEST, SEED + 1)
    files = [f"{index:03d}.bin" for index in range(TEST)]
    for name, word in zip(files, test):
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "data" / name).write_bytes(word.astype("<f4").tobytes())
    common.write_labels(folder / "data" / "labels.csv", files, truth)

    write(folder / "tones_fp32.tflite", common.to_float(model, fixed_batch=False))
    write(folder / "tones_int8.tflite", common.to_int8(model, words[:CALIBRATION], fixed_batch=False))
    return [
        common.judge("tones_fp32", folder / "tones_fp32.tflite", test, truth, GOLDEN, cases),
        common.judge("tones_int8", folder / "tones_int8.tflite", test, truth, GOLDEN, cases),
    ]


def main() -> None:
    cases: list = []
    models = make_shapes(cases) + make_tones(cases)
    for entry in models:
        print(f"{entry['model']}: top-1 {entry['correct']} of {entry['samples']} = {100 * entry['top1']:.2f} %")
    (common.ROOT / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    head = {
        "source": f"TensorFlow {tf.__version__}, TFLite reference kernels (BUILTIN_REF)",
        "numpy": np.__version__,
        "seed": SEED,
        "classes": {"shapes": shapes.CLASSES, "tones": tones.CLASSES},
    }
    # One list of predictions a line keeps the file readable.
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    entries = ",\n".join("    " + json.dumps(entry) for entry in models)
    (common.ROOT / "expected.json").write_text("{\n" + ",\n".join(lines) + ',\n  "models": [\n' + entries + "\n  ]\n}\n")


if __name__ == "__main__":
    main()
