"""A Chroma server behind a gateway with TLS, whose certificate is of an authority of one's own."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from index.errors import BroadsheetError
from index.store.snapshot import IndexReader
from tests.index.archive import found, run_build, write
from tests.index.test_chroma_server import settings_for


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "gateway.pem", folder / "gateway.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@contextmanager
def gateway(plain: str, files: tuple[Path, Path]) -> Iterator[str]:
    """Take TLS off in front of a server; yields the address with TLS."""
    target = urlsplit(plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(
            target=_serve, args=(listening, context, (target.hostname, target.port)), daemon=True
        ).start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"


def _serve(listening: socket.socket, context: ssl.SSLContext, target: tuple[str, int]) -> None:
    while True:
        try:
            caller, _ = listening.accept()
        except OSError:
            return
        with suppress(OSError):
            safe = context.wrap_socket(caller, server_side=True)
            behind = socket.create_connection(target)
            for one, other in ((safe, behind), (behind, safe)):
                threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(one: socket.socket, other: socket.socket) -> None:
    """Pass on what comes until the end; each of the two directions closes what it reads."""
    with suppress(OSError), one:
        while piece := one.recv(65536):
            other.sendall(piece)
        other.shutdown(socket.SHUT_WR)


@pytest.mark.slow
def test_vectors_lie_behind_tls(chroma_server, embeddings, tmp_path, monkeypatch):
    files = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    with gateway(chroma_server[0], files) as url:
        settings = settings_for(url, tmp_path)
        assert run_build(settings, embeddings, write(tmp_path / "news")).embedded > 0
        reader = IndexReader(settings)
        assert found(reader, embeddings, "Who scored in the final?")[0][0] == "sydney.txt"


@pytest.mark.slow
def test_a_certificate_that_nobody_vouches_for_is_refused(chroma_server, embeddings, tmp_path):
    with gateway(chroma_server[0], certificate(tmp_path)) as url:
        settings = settings_for(url, tmp_path)
        with pytest.raises(BroadsheetError, match=rf"{url} does not answer .*certificate"):
            run_build(settings, embeddings, write(tmp_path / "news"))
