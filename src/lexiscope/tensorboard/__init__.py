"""TensorBoard's Embedding Projector: the files it reads, and a server over them.

The projector's server and page lose or distort data in a dozen silent ways (blank labels shift
every label after them, ``007`` becomes 7, a table of zeros stops the whole page); everything
written here has been put into the form that both read back unchanged.
"""

from __future__ import annotations

from lexiscope.tensorboard.folder import Embedding, write_projector
from lexiscope.tensorboard.server import Server
from lexiscope.tensorboard.writer import add_embeddings

__all__ = ["Embedding", "Server", "add_embeddings", "write_projector"]
