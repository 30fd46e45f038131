"""Live: a sentence of the person's own, read into a space of words in context."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lexiscope.checkpoint import Checkpoint
from lexiscope.corpus import Corpus
from lexiscope.errors import LexiscopeError
from lexiscope.projection.placing import place
from lexiscope.server.library import Shelf
from lexiscope.server.neighborhood import listed, nearest_to
from lexiscope.server.refusal import RefusalError
from lexiscope.spans import fold, words

if TYPE_CHECKING:
    from lexiscope.encoder import Encoder

log = logging.getLogger(__name__)

LONGEST = 10_000
# A place is the weighted geometric median of those of so many neighbours.
PLACED_BY = 15
LEAST_WEIGHT = 1e-6

Floats = NDArray[np.float32]
Json = dict[str, Any]


class Live:
    """Reads words with the model that a space was made with; the last model is kept loaded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._encoder: tuple[Any, Encoder] | None = None

    def answer(self, shelf: Shelf, text: str, at: int | None, k: int) -> Json:
        """Find the words of a text and, where one is chosen, its neighbours at every layer.

        Parameters
        ----------
        shelf : Shelf
        text : str
        at : int or None
            A character (code point) of the word.
        k : int
            Number of neighbours.

        Returns
        -------
        dict
            A `LiveAnswer` of the contract.
        """
        recipe = shelf.atlas.recipe(shelf.name)
        if recipe["kind"] != "context":
            raise RefusalError(
                400, f"{shelf.name} is a table of the model; sentences are read in context"
            )
        found: list[Json] = [
            {"start": start, "end": end, "word": text[start:end]} for start, end in words(text)
        ]
        answer: Json = {"text": text, "words": found, "word": None, "layers": []}
        if at is None:
            return answer
        word = next((word for word in found if word["start"] <= at < word["end"]), None)
        if word is None:
            raise RefusalError(400, f"there is no word at character {at}")
        vectors = self._read(recipe, text, word)
        return answer | {
            "word": word,
            "layers": [
                {"layer": layer, **_around(shelf, layer, vectors[layer][0], k)}
                for layer in shelf.space.layers
            ],
        }

    def _read(self, recipe: Json, text: str, word: Json) -> dict[int, Floats]:
        """Return the word's vectors by layer."""
        with self._lock:  # an encoder reads one thing at a time
            encoder = self._load(recipe)
            plan = encoder.plan(_corpus(text, word))
            if not len(plan):
                raise RefusalError(400, f"the model's tokenizer has no token for {word['word']!r}")
            return next(encoder.encode(plan)).vectors

    def _load(self, recipe: Json) -> Encoder:
        about = recipe["checkpoint"]
        made = {name: recipe[name] for name in ("layers", "pooling", "dtype")}
        key = (about["fingerprint"], str(made))
        if self._encoder is None or self._encoder[0] != key:
            from lexiscope.encoder import EncodeOptions, Encoder

            self._encoder = None  # one model in memory, not two
            checkpoint = _checkpoint(about)
            made["layers"] = tuple(made["layers"])
            self._encoder = key, Encoder(checkpoint, EncodeOptions(**made))
            log.info("loaded %s to read sentences", about["name"])
        return self._encoder[1]


def _checkpoint(about: Json) -> Checkpoint:
    name, fingerprint = about["name"], about["fingerprint"]
    repository, revision, _ = name.rpartition("@")
    # A Hub model's fingerprint is its commit, of which the name shows the beginning.
    asked = f"{repository}@{fingerprint}" if revision else name
    try:
        checkpoint = Checkpoint.open(asked)
        found = checkpoint.fingerprint
    except LexiscopeError as error:
        raise RefusalError(
            400, f"the model that this space was made with, {name}, cannot be read: {error}"
        ) from error
    if found != fingerprint:
        raise RefusalError(
            400,
            f"{name} is not the model any more that this space was made with: build the space "
            "anew, or bring the model back",
        )
    return checkpoint


def _corpus(text: str, word: Json) -> Corpus:
    texts = pa.table({"row": pa.array([1], pa.int64()), "text": pa.array([text])})
    occurrences = pa.table(
        {
            "text": pa.array([0], pa.int32()),
            "start": pa.array([word["start"]], pa.int32()),
            "end": pa.array([word["end"]], pa.int32()),
            "word": pa.array([word["word"]]),
            "target": pa.array([fold(word["word"])]),
        }
    )
    names = ("reason", "text", "target")
    skipped = {"row": pa.array([], pa.int64())} | {
        name: pa.array([], pa.string()) for name in names
    }
    return Corpus(texts, occurrences, pa.table(skipped), "live")


def _around(shelf: Shelf, layer: int, vector: Floats, k: int) -> Json:
    """Return the occurrences nearest to a vector, and its place on every projection."""
    near, values = nearest_to(shelf, layer, vector, max(k, PLACED_BY))
    # The weights of a place may not be negative, nor all nothing.
    weights = np.maximum(values[:PLACED_BY], LEAST_WEIGHT)
    places = {}
    for id in shelf.atlas.projections(shelf.name, layer):
        coordinates = shelf.atlas.projection(shelf.name, id, layer).coordinates
        places[id] = place(coordinates, near[:PLACED_BY], weights).tolist()
    return {"neighbors": listed(shelf, near[:k], values[:k]), "places": places}
