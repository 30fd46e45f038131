"""The senses of a word's occurrences: which are scored, among which, and their shuffling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lexiscope.errors import TooFewError
from lexiscope.measure.agreement import BLOCK, Codes, macro_f1

FEWEST = 5
# So many that p corrected for 200 words can still be small.
SHUFFLES = 9999


@dataclass(frozen=True, eq=False)
class Labels:
    """The senses of one word's occurrences, and which of these are looked for among which.

    Attributes
    ----------
    names : tuple of str, length n_senses
    rows : ndarray of shape (n,), int64
        Which of the occurrences given are used.
    code : ndarray of shape (n,), the smallest unsigned integer that holds n_senses
        The sense of every occurrence used.
    text : ndarray of shape (n,), int64
        The text of every occurrence used.
    scored, known : ndarray of int64
        Numbers in ``[0, n)`` of the occurrences whose sense is looked for, and of those whose
        sense is known. Both are all of them where an occurrence is left out of what is known
        in its own turn (leave-one-out).
    split : bool
        Whether what is scored and what is known are apart (test and train).
    rare : int
        Occurrences left out because their sense has too few.
    """

    names: tuple[str, ...]
    rows: Codes
    code: Codes
    text: Codes
    scored: Codes
    known: Codes
    split: bool
    rare: int

    @property
    def counts(self) -> dict[str, int]:
        """Occurrences used, by sense."""
        each = np.bincount(self.code, minlength=len(self.names))
        return dict(zip(self.names, each.tolist(), strict=True))

    @property
    def majority(self) -> float:
        """Share of what is scored that has the most frequent sense of what is known."""
        return float((self.code[self.scored] == self._usual).mean())

    @property
    def majority_macro_f1(self) -> float:
        """Macro F1 of always saying that sense; the micro F1 of that is `majority`."""
        truth = self.code[self.scored]
        return float(macro_f1(truth, np.full_like(truth, self._usual), len(self.names)))

    @property
    def _usual(self) -> np.intp:
        return np.bincount(self.code[self.known]).argmax()


def sense_labels(
    senses: Sequence[str | None],
    split: Sequence[str | None] | None = None,
    texts: Sequence[int] | NDArray[np.integer] | None = None,
) -> Labels:
    """Choose which occurrences of a word are scored, and among which their sense is looked for.

    A split is followed where the word has occurrences of both train and test, as in Loureiro et
    al. (2021): senses are learned from train and looked for in test, and other occurrences
    ("dev") are left alone. A test occurrence whose sense train does not have counts as wrong.
    Without a split each is left out in turn, and those of a sense that stands in one text only
    are left out altogether: nothing else has their sense, whatever their vectors.

    Parameters
    ----------
    senses : sequence of str or None, length n_occurrences
        None where there is no label.
    split : sequence of str or None, optional
        "train" or "training", and "test", in any case.
    texts : sequence of int, optional
        Numbers of the texts that the occurrences stand in; without it, each in its own.

    Returns
    -------
    Labels

    Raises
    ------
    TooFewError
        With fewer than two senses that can be learned, or fewer than 5 occurrences to score.
    """
    sense = np.asarray(senses, dtype=object)
    text = np.arange(len(sense)) if texts is None else np.asarray(texts)
    given = np.array([each is not None for each in senses], dtype=bool)
    parts = [str(each).strip().lower() for each in split] if split is not None else []
    train, test = (
        given & (np.isin(parts, names) if parts else False)
        for names in (["train", "training"], ["test"])
    )
    apart = bool(train.any() and test.any())
    if not apart:
        train = test = given
    known_names, number = np.unique(sense[train].astype(str), return_inverse=True)
    if not apart:  # those of one text have no other to be found by
        pairs = np.unique(np.stack([number, text[train]]), axis=1)
        known_names = known_names[np.bincount(pairs[0], minlength=len(known_names)) >= 2]
    used = (train | test) & (apart | np.isin(sense.astype(str), known_names))
    rows = np.flatnonzero(used)
    everyone = np.arange(len(rows))
    scored, known = everyone[test[rows]], everyone[train[rows]]
    if len(known_names) < 2 or len(scored) < FEWEST:
        each = "in train" if apart else "in 2 texts each"
        raise TooFewError(
            f"{len(scored):,} occurrence(s) with {len(known_names)} known sense(s): too few to say "
            f"whether senses lie apart ({FEWEST} of 2 senses {each} are needed)"
        )
    names, code = np.unique(sense[rows].astype(str), return_inverse=True)
    return Labels(
        names=tuple(names.tolist()),
        rows=rows,
        code=code.astype(np.min_scalar_type(len(names) - 1)),
        text=np.unique(text[rows], return_inverse=True)[1],
        scored=scored,
        known=known,
        split=apart,
        rare=int(((train | test) & ~used).sum()),
    )


def deal(labels: Labels, shuffles: int = SHUFFLES, seed: int = 0) -> Codes:
    """Shuffle the senses of a word.

    Occurrences of one text are not independent: they often share their sense, and are alike
    for standing there. So texts hand on the senses of all their occurrences together, to texts
    that hold as many of the word. Senses are shuffled among what is known and among what is
    scored, so that each keeps as many of every sense.

    Parameters
    ----------
    labels : Labels
    shuffles : int
    seed : int

    Returns
    -------
    ndarray of shape (shuffles, n), of the type of ``labels.code``
    """
    rng = np.random.default_rng(seed)
    dealt = np.tile(labels.code, (shuffles, 1))
    for among in (labels.known, labels.scored) if labels.split else (labels.known,):
        for group in _equally_many(labels.text, among):
            senses = labels.code[group]
            height = max(1, BLOCK // group.size)
            for start in range(0, shuffles, height):
                part = dealt[start : start + height]
                order = np.tile(np.arange(len(group)), (len(part), 1))
                shuffled = senses[rng.permuted(order, axis=1, out=order)]
                part[:, group.ravel()] = shuffled.reshape(len(part), -1)
    return dealt


def _equally_many(text: Codes, among: Codes) -> Iterator[Codes]:
    """Yield points of texts with equally many of them; shape (n_texts, points of each)."""
    order = among[np.argsort(text[among], kind="stable")]
    size = np.bincount(text[among])[text[order]]
    for many in np.unique(size):
        yield order[size == many].reshape(-1, many)
