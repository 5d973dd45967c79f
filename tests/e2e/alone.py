"""Runs the product where there is no network but the loopback, and records whom it asks for.

`unshare --net --mount python -m tests.e2e.alone FOLDER`: imports, builds, serves the page, asks a
question of it, and writes what happened to FOLDER/report.json. The name server of this small
world answers to nobody; it only writes down the names, those that libraries in C++ look up too.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
PORT = 7860
PAGE = f"http://127.0.0.1:{PORT}"
QUESTION = "Where did Olga Carmona score?"
PATIENCE = 240.0
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def main(folder: Path) -> None:
    names: list[str] = []
    raise_loopback()
    serve_names(folder, names)
    run(["-c", "import index, rag, web.page, rag.llm.chat_model, index.build"])
    run(["-m", "index", "build", "articles"])
    with (folder / "app.log").open("w") as log:
        command = [sys.executable, "app.py", "--port", str(PORT)]
        app = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            wait_for("the page", lambda: get("/"))
            wait_for("the model", lambda: "is ready" in (folder / "app.log").read_text())
            answer = ask(QUESTION)
        finally:
            app.send_signal(signal.SIGINT)
            began = time.monotonic()
            code = app.wait(60)
    seconds = time.monotonic() - began
    report = {"names": names, "answer": answer, "code": code, "seconds_to_end": seconds}
    (folder / "report.json").write_text(json.dumps(report))


def raise_loopback() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))


def serve_names(folder: Path, names: list[str]) -> None:
    """Be the only name server: note what is asked for, and say that it failed."""
    settings = folder / "resolv.conf"
    settings.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", str(settings), "/etc/resolv.conf"], check=True)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def listen() -> None:
        while True:
            packet, asker = server.recvfrom(4096)
            names.append(name_in(packet))
            server.sendto(packet[:2] + b"\x81\x82" + packet[4:], asker)

    threading.Thread(target=listen, daemon=True).start()


def name_in(packet: bytes) -> str:
    """Return the name in the question of a DNS packet (RFC 1035, 4.1.2)."""
    parts, at = [], 12
    while packet[at]:
        parts.append(packet[at + 1 : at + 1 + packet[at]].decode("ascii", "replace"))
        at += 1 + packet[at]
    return ".".join(parts)


def run(arguments: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert ended.returncode == 0, ended.stderr


def wait_for(what: str, there) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if there():
                return
        except OSError:
            pass
        time.sleep(0.3)
    raise TimeoutError(f"{what} did not come")


def get(path: str) -> bytes:
    with urllib.request.urlopen(PAGE + path, timeout=30) as page:
        return page.read()


def ask(question: str) -> dict[str, object]:
    """Call the endpoint /ask as the page's own clients do."""
    body = json.dumps({"data": [question, "", "", "", [], []]}).encode()
    kind = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{PAGE}/gradio_api/call/ask", body, kind)
    with urllib.request.urlopen(request, timeout=30) as accepted:
        event = json.load(accepted)["event_id"]
    with urllib.request.urlopen(f"{PAGE}/gradio_api/call/ask/{event}", timeout=120) as stream:
        said = stream.read().decode()
    return json.loads(said.split("event: complete\ndata: ", 1)[1].splitlines()[0])[0]


if __name__ == "__main__":
    os.environ.pop("CI", None)
    main(Path(sys.argv[1]))
