"""What the person who started the page sees in the terminal, and how the page ends."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Iterable
from ipaddress import ip_address
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console

from index.errors import SettingsError, visible
from index.progress import Meter, kinds
from index.types import BuildEvent, BuildReport

if TYPE_CHECKING:
    from rag.llm.loader import ModelLoader

LOOK = 0.5  # seconds between two looks at the model's state
SKIPPED = 20  # files named at the end of a build; `index status` names them all


def require_port(host: str, port: int) -> None:
    """Find out early whether the page can be served there.

    Raises:
        SettingsError: another program has the port, or this machine has no such address.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if sys.platform != "win32":  # there it would let two programs have one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsError(
            f"cannot serve on {host} port {port}: {error.strerror or error}. "
            "Name another with --port or --host."
        ) from error


def address(host: str, port: int) -> str:
    """Return where a browser on this machine finds the page."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


def show_build(
    events: Iterable[BuildEvent | BuildReport], meter: Meter, console: Console
) -> BuildReport:
    """Draw a build to its end, name what it skipped, and return its report."""
    report = meter.follow(events)
    for item in report.skipped[:SKIPPED]:
        say(console, f"skipped {item}")
    if len(report.skipped) > SKIPPED:
        say(console, f"and {len(report.skipped) - SKIPPED:,} more: broadsheet index status")
    if report.kinds:
        say(console, f"not read: {kinds(report.kinds)}")
    return report


def follow_model(loader: ModelLoader, console: Console) -> None:
    """Show how far the language model is, until it is there or cannot be had."""
    with Meter(console) as meter:
        stage = None
        while (status := loader.wait(LOOK)).state not in ("ready", "failed", "off"):
            if status.state == "fetching":
                done, total = status.done // 10**6, status.total // 10**6
                meter.show("fetching the language model", done, total, "MB")
            elif status.state != stage:
                say(console, status.message)
            stage = status.state
    say(console, status.message, style="red" if status.state == "failed" else "")


def say(console: Console, text: str, style: str = "") -> None:
    """Print a line as it is: names of files may hold anything."""
    console.print(visible(text), style=style, markup=False, highlight=False, soft_wrap=True)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def end_signal() -> threading.Event:
    """Return what is set when the program is asked to end, by Ctrl-C or by the system."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    return ended
