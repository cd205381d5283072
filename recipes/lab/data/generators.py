"""Generated data: every function is a pure function of its seed.

Each returns inputs (samples, features) as float32, or texts, and targets: int32 classes
(samples,) or float32 numbers.
"""

import numpy as np


def blobs(n: int = 600, classes: int = 3, spread: float = 1.0, seed: int = 0):
    """Gaussian blobs in the plane, one a class, centers on a circle of radius 4."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    angle = 2 * np.pi * y / classes
    centers = 4 * np.stack([np.cos(angle), np.sin(angle)], 1)
    return _typed(centers + rng.normal(0, spread, (n, 2)), y)


def moons(n: int = 600, noise: float = 0.2, seed: int = 0):
    """Two interleaved half circles."""
    from sklearn.datasets import make_moons

    return _typed(*make_moons(n, noise=noise, random_state=seed))


def circles(n: int = 600, noise: float = 0.1, seed: int = 0):
    """A circle inside another."""
    from sklearn.datasets import make_circles

    return _typed(*make_circles(n, noise=noise, factor=0.5, random_state=seed))


def spirals(n: int = 600, noise: float = 0.1, seed: int = 0):
    """Two interleaved spirals of one and a half turns."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    turn = 0.25 + 1.25 * rng.random(n)
    angle = 2 * np.pi * turn + np.pi * y
    x = turn[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return _typed(x + rng.normal(0, noise / 2, x.shape), y)


def xor(n: int = 400, noise: float = 0.1, seed: int = 0):
    """The exclusive or of two bits, with noise on the bits."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, (n, 2))
    return _typed(bits + rng.normal(0, noise, (n, 2)), bits[:, 0] ^ bits[:, 1])


def classification(n: int = 1000, features: int = 20, seed: int = 42):
    """Two classes in 20 features of which two inform (scikit-learn's defaults)."""
    from sklearn.datasets import make_classification

    return _typed(*make_classification(n, n_features=features, random_state=seed))


def imbalanced(n: int = 2000, positive: float = 0.05, gap: float = 2.0, seed: int = 0):
    """Two Gaussians in the plane; one row in twenty is positive."""
    rng = np.random.default_rng(seed)
    y = np.zeros(n, int)
    y[: round(n * positive)] = 1
    x = rng.normal(size=(n, 2)) + gap / np.sqrt(2) * y[:, None]
    order = rng.permutation(n)
    return _typed(x[order], y[order])


def regression(n: int = 500, features: int = 10, noise: float = 0.1, seed: int = 0):
    """A linear target of unit variance from Gaussian features, with noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, features))
    weights = rng.normal(size=features)
    y = x @ (weights / np.linalg.norm(weights)) + rng.normal(0, noise, n)
    return _typed(x, y)


def regression_outliers(n: int = 500, share: float = 0.05, seed: int = 0):
    """The linear target, with one row in twenty thrown 20 units off."""
    rng = np.random.default_rng([seed, 1])
    x, y = regression(n, seed=seed)
    rows = rng.choice(n, round(n * share), replace=False)
    y[rows] += 20.0
    return x, y


def adding(n: int = 2000, length: int = 50, seed: int = 0):
    """The adding problem (Hochreiter and Schmidhuber, 1997): sum two marked numbers.

    Inputs are sequences (samples, length, 2): a number in [0, 1) and a mark.
    """
    rng = np.random.default_rng(seed)
    numbers = rng.random((n, length))
    marks = np.zeros((n, length))
    rows = np.arange(n)
    marks[rows, rng.integers(0, length // 2, n)] = 1
    marks[rows, rng.integers(length // 2, length, n)] = 1
    return _typed(np.stack([numbers, marks], 2), (numbers * marks).sum(1))


def spam(n: int = 1000, seed: int = 0):
    """Mail as counts of "free" and "!" and a length in words; is it spam?

    Spam (40 %) has more of both and is shorter: Poisson means 2 against 0.3 and
    4 against 1, log-normal lengths around 60 against 120 words.
    """
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(int)
    free = rng.poisson(np.where(y, 2.0, 0.3))
    marks = rng.poisson(np.where(y, 4.0, 1.0))
    words = np.exp(rng.normal(np.log(np.where(y, 60, 120)), 0.5))
    return _typed(np.stack([free, marks, words], 1), y)


def stripes(n: int = 400, side: int = 12, seed: int = 0):
    """Color images of round bodies: plain (class 0), or striped (class 1).

    Images (samples, side, side, 3) in [0, 1]. Body and background have colors of their
    own, the light differs from image to image, and every pixel has noise. Stripes are
    about upright and 3 to 5 pixels wide, of a contrast of 0.1 to 0.3.
    """
    rng = np.random.default_rng([seed, 2])
    y = np.arange(n) % 2

    def draw(low, high, *shape):
        return rng.uniform(low, high, (n, *shape))

    rows, columns = (place[None] for place in np.mgrid[:side, :side] - (side - 1) / 2)

    def each(values):
        return values[:, None, None]

    across = columns - each(draw(-1, 1))
    down = rows - each(draw(-1, 1))
    wide, high = (each(draw(0.3, 0.45)) * side for _ in range(2))
    body = (across / wide) ** 2 + (down / high) ** 2 < 1
    lean = each(rng.normal(0, 0.3, n))
    along = np.cos(lean) * columns + np.sin(lean) * rows
    wave = np.sin(2 * np.pi * along / each(draw(3, 5)) + each(draw(0, 2 * np.pi)))
    pattern = each(y * draw(0.1, 0.3)) * np.sign(wave)
    colors, grounds = (draw(0.2, 0.8, 3)[:, None, None] for _ in range(2))
    x = np.where(body[..., None], colors + pattern[..., None], grounds)
    x = x * draw(0.6, 1.2)[:, None, None, None] + rng.normal(0, 0.1, x.shape)
    order = rng.permutation(n)
    return _typed(np.clip(x, 0, 1)[order], y[order])


def waves(n: int = 400, length: int = 48, noise: float = 0.8, seed: int = 0):
    """Curves with noise: sines (class 0) or square waves (class 1).

    Sequences (samples, length, 1) of 2 to 4 periods; phase, height and level differ
    from one to the next.
    """
    rng = np.random.default_rng([seed, 3])
    y = np.arange(n) % 2
    time = np.linspace(0, 1, length)[None]
    periods, phase = rng.uniform(2, 4, (n, 1)), rng.uniform(0, 1, (n, 1))
    sine = np.sin(2 * np.pi * (periods * time + phase))
    shape = np.where(y[:, None], np.sign(sine) / np.sqrt(2), sine)  # of equal power
    height, level = np.exp(rng.normal(0, 0.3, (n, 1))), rng.normal(0, 0.3, (n, 1))
    x = height * shape + level + noise * rng.normal(size=(n, length))
    order = rng.permutation(n)
    return _typed(x[order][..., None], y[order])


# Words of one meaning stand together. All sentences are ours, by one pattern.
FILM = (
    ("film", "movie", "picture"),
    ("plot", "story", "tale"),
    ("acting", "performance"),
)
PRAISE = (
    ("good", "fine", "decent", "solid"),
    ("great", "superb", "splendid", "terrific"),
    ("funny", "witty", "amusing", "hilarious"),
    ("moving", "touching", "stirring", "tender"),
    ("clever", "smart", "brilliant", "ingenious"),
)
BLAME = (
    ("bad", "poor", "weak", "lousy"),
    ("awful", "terrible", "dreadful", "horrid"),
    ("dull", "boring", "tedious", "dreary"),
    ("silly", "foolish", "absurd", "stupid"),
    ("stale", "worn", "trite", "tired"),
)
STRENGTHS = (("very", "really", "truly"), ("quite", "rather", "fairly"))
SYNONYMS = (*FILM, *PRAISE, *BLAME, *STRENGTHS)


def opinions(n: int = 400, seed: int = 0):
    """Sentences about films, of two clauses: praise (class 1) or blame (class 0).

    "the film was very good but the cast was not funny": behind "but" the second clause
    decides, behind "though" the first; "not" turns a clause round. So the order of the
    words matters. One clause in four has a "not"; each decides for itself.
    """
    rng = np.random.default_rng([seed, 4])

    def pick(groups):
        group = groups[rng.integers(len(groups))]
        return group[rng.integers(len(group))]

    def clause() -> tuple[str, int]:
        good, turned = rng.random() < 0.5, rng.random() < 0.25
        before = "not" if turned else pick(STRENGTHS)
        words = f"the {pick(FILM)} was {before} {pick(PRAISE if good else BLAME)}"
        return words, int(good != turned)

    texts, labels = [], []
    for _ in range(n):
        (first, one), (second, other) = clause(), clause()
        last = rng.random() < 0.5
        texts.append(f"{first} {'but' if last else 'though'} {second}")
        labels.append(other if last else one)
    return np.array(texts, object), np.array(labels, "int32")


GENERATED = {
    function.__name__: function
    for function in (
        blobs,
        moons,
        circles,
        spirals,
        xor,
        classification,
        imbalanced,
        regression,
        regression_outliers,
        adding,
        spam,
        stripes,
        waves,
        opinions,
    )
}


def _typed(x, y):
    whole = np.asarray(y).dtype.kind in "iu"
    return np.asarray(x, "float32"), np.asarray(y, "int32" if whole else "float32")
