"""The embedder gives what sentence-transformers gives, whatever it runs on."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from index.readers import read_articles
from index.text.passages import embedded_text, split
from tests.index.archive import ROOT

_CPUINFO = Path("/proc/cpuinfo")
CPU = _CPUINFO.read_text(encoding="utf-8") if _CPUINFO.exists() else ""
ODD = [
    "Rain.",
    "",
    "Éclair — 5.25% “quoted”",
    "x[0]**2 + 3*x[1]\n" * 6,
    "1 2 3 4 5 6 7 8 9 " * 12,
    "今天天气很好，我们去公园。" * 10,
    "... !!! ??? ### " * 12,
    "Die Sonne schien am Mittwoch. " * 5,
]


@pytest.fixture(scope="module")
def sample_texts(embeddings) -> list[str]:
    """What is embedded of the sample archive: about 100 texts."""
    articles = read_articles([ROOT / "articles"])
    return [
        embedded_text(article, passage)
        for article in articles
        for passage in split(article, embeddings.count_tokens)
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_vectors_are_those_of_sentence_transformers(embeddings):
    from index.quiet import quiet_transformers

    quiet_transformers()
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(embeddings.files), device="cpu", local_files_only=True)
    texts = ["Rain.", "A long day " * 200, "Éclair — 5.25% “quoted”", "", "x " * 30]
    expected = reference.encode(texts, normalize_embeddings=True)
    made = embeddings.embed(texts)
    assert np.allclose((made * expected).sum(axis=1), 1.0, atol=1e-3)


def test_order_of_texts_is_kept(embeddings):
    texts = ["one " * 50, "two", "three " * 20]
    together = embeddings.embed(texts)
    alone = np.stack([embeddings.embed([text])[0] for text in texts])
    assert np.allclose(together, alone, atol=1e-3)
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-4)


def test_many_texts_give_the_vectors_that_each_gives_alone(embeddings, sample_texts):
    alone = np.stack([embeddings.embed([text])[0] for text in sample_texts[:24]])
    many = embeddings.embed(sample_texts * 3)
    assert len(many) >= 128  # enough for the network in 8 bits, where this machine takes it
    assert (many[:24] * alone).sum(axis=1).min() > 0.99
    assert np.allclose(np.linalg.norm(many, axis=1), 1.0, atol=1e-3)


@pytest.mark.skipif("vnni" not in CPU, reason="this processor has no products of 8 bits")
@pytest.mark.parametrize(("odd", "least"), [(False, 0.995), (True, 0.97)])
def test_network_in_8_bits_gives_the_vectors_of_the_exact_one(embeddings, sample_texts, odd, least):
    from index.models.embedder import in_batches
    from index.models.encoder import Encoder

    exact, int8 = embeddings._encoder, Encoder(embeddings.files, int8=True)
    for _, pieces, mask in in_batches(embeddings.pieces(ODD if odd else sample_texts[::4])):
        assert (exact(pieces, mask) * int8(pieces, mask)).sum(axis=1).min() > least


def test_network_that_is_slower_or_differs_is_not_taken():
    from index.models.encoder import is_better

    def network(seconds, vectors):
        def run(pieces, mask):
            time.sleep(seconds)
            return vectors

        return run

    east, north = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    usual, pieces = network(0.05, east), np.ones((1, 1), dtype=np.int64)
    assert is_better(network(0.01, east), usual, pieces, pieces)
    assert not is_better(network(0.05, east), usual, pieces, pieces)
    assert not is_better(network(0.01, north), usual, pieces, pieces)


FIRST_ARRAYS = """
import sys, threading
import numpy as np
from index.quiet import import_openvino
openvino = import_openvino()
node = openvino.opset8.parameter([-1, 8], np.float32)
model = openvino.Model([openvino.opset8.relu(node)], [node], "model")
compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": 1})
sys.setswitchinterval(1e-6)
together = threading.Barrier(4)
def ask():
    request = compiled.create_infer_request()
    together.wait()
    request.infer({0: np.ones((3, 8), np.float32)})
threads = [threading.Thread(target=ask) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
"""


def test_texts_that_come_while_the_network_is_loaded_stop_nothing():
    for _ in range(6):  # without the care that is taken, every fourth stood for ever
        subprocess.run([sys.executable, "-c", FIRST_ARRAYS], cwd=ROOT, timeout=30, check=True)
