"""Synthetic pictures: eight kinds of shapes and textures, 32x32 RGB, in random colours on noise."""

import numpy as np

CLASSES = ["disc", "ring", "square", "triangle", "cross", "stripes", "checks", "dots"]
SIZE = 32
NOISE = 0.12

# The model's input is (pixel / 255 - MEAN) / STD.
MEAN = np.array([0.45, 0.45, 0.45], np.float32)
STD = np.array([0.25, 0.25, 0.25], np.float32)


def draw(kind: str, rng: np.random.Generator) -> np.ndarray:
    """One picture, uint8 [32, 32, 3]."""
    ys, xs = np.mgrid[0:SIZE, 0:SIZE].astype(np.float64) + 0.5
    radius = rng.uniform(6.0, 11.0)
    cx, cy = rng.uniform(radius, SIZE - radius, 2)
    angle = rng.uniform(-np.pi / 5, np.pi / 5)
    dx, dy = xs - cx, ys - cy
    u, v = np.cos(angle) * dx + np.sin(angle) * dy, np.cos(angle) * dy - np.sin(angle) * dx
    inside = np.clip(distance(kind, u, v, radius) + 0.5, 0.0, 1.0)[..., None]

    # Two colours that can be told apart, though only just at times; shading and noise on top.
    while True:
        back, fore = rng.uniform(0.1, 0.9, (2, 3))
        if np.abs(back - fore).mean() > 0.14:
            break
    picture = back + (fore - back) * inside
    picture += rng.uniform(-0.12, 0.12) * (xs / SIZE - 0.5)[..., None]
    picture += rng.normal(0.0, NOISE, (SIZE, SIZE, 3))
    return np.round(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)


def distance(kind: str, u: np.ndarray, v: np.ndarray, r: float) -> np.ndarray:
    """Distance in pixels to the border of the shape at the origin, positive inside."""
    au, av = np.abs(u), np.abs(v)
    square = r * 0.85 - np.maximum(au, av)
    wave = 2.0 * np.pi / (r * 0.62)
    match kind:
        case "disc":
            return r - np.hypot(u, v)
        case "ring":
            return r * 0.22 - np.abs(r * 0.78 - np.hypot(u, v))
        case "square":
            return square
        case "triangle":
            return np.minimum(r * 0.55 - v, r * 0.55 + v * 0.5 - au * 0.866)
        case "cross":
            return np.maximum(
                np.minimum(r - au, r * 0.28 - av),
                np.minimum(r - av, r * 0.28 - au),
            )
        case "stripes":
            return np.minimum(square, np.sin(u * wave) / wave * 2.0)
        case "checks":
            return np.minimum(square, np.sin(u * wave) * np.sin(v * wave) / wave * 2.0)
        case "dots":
            return np.minimum(square, (np.cos(u * wave) + np.cos(v * wave) - 0.7) / wave * 2.0)
    raise ValueError(kind)


def samples(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` pictures, uint8 [count, 32, 32, 3], and their classes; every class equally often."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % len(CLASSES))
    return np.stack([draw(CLASSES[label], rng) for label in labels]), labels


def normalise(pictures: np.ndarray) -> np.ndarray:
    """What the model takes, float32."""
    return (pictures.astype(np.float32) / np.float32(255.0) - MEAN) / STD


def network(tf):
    """A small MobileNet: depthwise-separable convolutions, one of them with a residual."""
    layers = tf.keras.layers

    def norm_relu(x):
        return layers.ReLU(6.0)(layers.BatchNormalization()(x))

    def separable(x, channels, stride):
        x = norm_relu(layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(x))
        return norm_relu(layers.Conv2D(channels, 1, use_bias=False)(x))

    inputs = x = layers.Input((SIZE, SIZE, 3), name="picture")
    x = norm_relu(layers.Conv2D(16, 3, 2, "same", use_bias=False)(x))
    x = separable(x, 32, 1)
    x = separable(x, 64, 2)
    x = layers.Add()([x, separable(x, 64, 1)])
    x = separable(x, 96, 2)
    x = layers.AveragePooling2D(4)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(len(CLASSES), activation="softmax", name="kind")(x)
    return tf.keras.Model(inputs, x)
