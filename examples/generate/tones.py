"""Synthetic 'words': eight courses of pitch and loudness as log-mel-like pictures, 49 frames x 10 bands."""

import numpy as np

CLASSES = ["silence", "steady", "rise", "fall", "rise-fall", "fall-rise", "pulses", "step"]
FRAMES, BANDS = 49, 10
FLOOR = -11.0  # log energy of the quietest frame
NOISE = 3.8


def course(kind: str, t: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pitch and loudness, both 0..1, over t in 0..1."""
    low, high = rng.uniform(0.05, 0.35), rng.uniform(0.65, 0.95)
    peak = 1.0 - np.abs(2.0 * t - 1.0)
    loud = np.ones_like(t)
    match kind:
        case "silence":
            return np.full_like(t, 0.5), np.zeros_like(t)
        case "steady":
            return np.full_like(t, rng.uniform(0.1, 0.9)), loud
        case "rise":
            return low + (high - low) * t, loud
        case "fall":
            return high + (low - high) * t, loud
        case "rise-fall":
            return low + (high - low) * peak, loud
        case "fall-rise":
            return high + (low - high) * peak, loud
        case "pulses":
            return np.full_like(t, rng.uniform(0.1, 0.9)), (np.sin(2.0 * np.pi * 3.0 * t) > 0.0).astype(float)
        case "step":
            return np.where(t < rng.uniform(0.4, 0.6), low, high), loud
    raise ValueError(kind)


def speak(kind: str, rng: np.random.Generator) -> np.ndarray:
    """One word, float32 [49, 10, 1]: natural logarithms of band energies."""
    length = rng.uniform(22.0, 36.0)
    start = rng.uniform(0.0, FRAMES - length)
    t = (np.arange(FRAMES) - start) / length
    voiced = (t >= 0.0) & (t <= 1.0)
    pitch, loud = course(kind, np.clip(t, 0.0, 1.0), rng)
    centre = (0.5 + pitch * (BANDS - 2.0))[:, None]
    width = rng.uniform(0.6, 1.1)
    tone = np.exp(-(((np.arange(BANDS) - centre) / width) ** 2) / 2.0)
    overtone = 0.35 * np.exp(-(((np.arange(BANDS) - centre - 3.5) / width) ** 2) / 2.0)
    energy = (tone + overtone) * (loud * voiced)[:, None] * rng.uniform(3.0, 8.0)
    hiss = rng.normal(0.0, NOISE, (FRAMES, BANDS)) + rng.uniform(0.0, 2.0)
    return (FLOOR + energy + np.abs(hiss)).astype(np.float32)[..., None]


def samples(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` words, float32 [count, 49, 10, 1], and their classes; every class equally often."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % len(CLASSES))
    return np.stack([speak(CLASSES[label], rng) for label in labels]), labels


def network(tf):
    """A small DS-CNN, the usual shape of a keyword spotter."""
    layers = tf.keras.layers

    def norm_relu(x):
        return layers.ReLU()(layers.BatchNormalization()(x))

    inputs = x = layers.Input((FRAMES, BANDS, 1), name="spectrum")
    x = norm_relu(layers.Conv2D(32, (10, 4), 2, "same", use_bias=False)(x))
    for _ in range(2):
        x = norm_relu(layers.DepthwiseConv2D(3, 1, "same", use_bias=False)(x))
        x = norm_relu(layers.Conv2D(32, 1, use_bias=False)(x))
    x = layers.AveragePooling2D((25, 5))(x)
    x = layers.Flatten()(x)
    x = layers.Dense(len(CLASSES), activation="softmax", name="word")(x)
    return tf.keras.Model(inputs, x)
