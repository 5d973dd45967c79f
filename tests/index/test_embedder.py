"""The embedder gives what sentence-transformers gives, whatever it runs on."""

import numpy as np
import pytest


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
