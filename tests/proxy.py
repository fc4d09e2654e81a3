"""A TCP proxy before a server: tests break connections there, and the server itself stays whole."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

CHUNK_BYTES = 65536
#: closes by RST instead of FIN, as a crashed machine or a firewall does
_RESET = struct.pack("ii", 1, 0)
#: how `db.prepared` prepares a statement, and executes it later
_PREPARE = re.compile(rb"PREPARE (crobot_\w+)\b(.*?); EXECUTE \1\b", re.DOTALL)
_EXECUTE = re.compile(rb"\bEXECUTE (crobot_\w+)")


@dataclass(eq=False)
class Link:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    #: the end of what the client said since its last commit
    said: bytes = b""
    #: name → statement, of what the client has prepared
    prepared: dict[bytes, bytes] = field(default_factory=dict)
    #: the server's next answer is swallowed, and the connection reset
    doomed: bool = False

    def reset(self) -> None:
        for writer in (self.client, self.server):
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()


@dataclass
class CommitCut:
    """Connections are reset at a COMMIT that follows a statement with these words."""

    words: bytes
    #: the server gets the COMMIT, and only its answer is lost
    stored: bool
    times: int


@dataclass
class Proxy:
    """Passes everything on to ``url``'s server, until told otherwise; `heal` ends every fault."""

    url_behind: str
    #: seconds that each piece of data is held back, and how fast it goes on; 0: no limit
    latency_s: float = 0.0
    bytes_per_s: float = 0.0
    #: connections that were accepted
    accepted: int = 0
    _cuts: list[int] = field(default_factory=list)
    _commits: CommitCut | None = None
    _links: set[Link] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._target = urlsplit(self.url_behind)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self.port = 0
        self._call(self._open())

    @property
    def url(self) -> str:
        """The server's address by way of the proxy."""
        login, at, _ = self._target.netloc.rpartition("@")
        return self._target._replace(netloc=f"{login}{at}127.0.0.1:{self.port}").geturl()

    # --- faults -------------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Pass everything on again."""
        self.latency_s = self.bytes_per_s = 0.0
        self._cuts, self._commits = [], None
        self._call(self._flow(True))
        self._call(self._open())

    def go_away(self) -> None:
        """Reset every connection and refuse new ones."""
        self._call(self._close())

    def stall(self) -> None:
        """Pass nothing on, and keep the connections."""
        self._call(self._flow(False))

    def reset(self) -> int:
        """Reset every connection; returns how many there were."""
        return self._call(self._reset())

    def cut_after(self, *byte_counts: int) -> None:
        """Reset the connection that passes on the n-th byte from now, and so on for each count."""
        self._cuts = list(byte_counts)

    def cut_commits(self, words: str, *, stored: bool, times: int = 1) -> None:
        """Reset connections at the COMMIT after a statement with these words, before or after it is ``stored``."""
        self._commits = CommitCut(words.encode(), stored, times)

    @property
    def commits_to_cut(self) -> int:
        """How many more `cut_commits` is waiting for."""
        return self._commits.times if self._commits else 0

    @property
    def cuts_left(self) -> int:
        """How many more `cut_after` is waiting for."""
        return len(self._cuts)

    def close(self) -> None:
        """End the proxy."""
        self.go_away()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # --- in the thread of the proxy -----------------------------------------------------------------------------------

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _open(self) -> None:
        if not hasattr(self, "_flowing"):
            self._flowing = asyncio.Event()
            self._flowing.set()
            self._server: asyncio.Server | None = None
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset()

    async def _reset(self) -> int:
        links = list(self._links)
        for link in links:
            link.reset()
        return len(links)

    async def _flow(self, flowing: bool) -> None:
        (self._flowing.set if flowing else self._flowing.clear)()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            behind = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:
            writer.transport.abort()
            return
        link = Link(writer, behind[1])
        self._links.add(link)
        try:
            await asyncio.gather(self._pump(link, reader, behind[1]), self._pump(link, behind[0], writer))
        finally:
            self._links.discard(link)

    async def _pump(self, link: Link, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                await self._delay(len(data))
                if not self._pass(link, data, sink):
                    link.reset()
                    return
                await sink.drain()
        sink.close()

    async def _delay(self, size: int) -> None:
        seconds = self.latency_s + (size / self.bytes_per_s if self.bytes_per_s else 0.0)
        if seconds:
            await asyncio.sleep(seconds)
        await self._flowing.wait()

    def _pass(self, link: Link, data: bytes, sink: asyncio.StreamWriter) -> bool:
        """Pass data on; false if the connection is to be reset now."""
        if sink is link.server and not self._commit(link, data):
            return False
        if sink is link.client and link.doomed:
            return False
        if self._cuts:
            if len(data) >= self._cuts[0]:
                sink.write(data[: self._cuts.pop(0)])
                return False
            self._cuts[0] -= len(data)
        sink.write(data)
        return True

    def _commit(self, link: Link, data: bytes) -> bool:
        """Look at what a client of PostgreSQL says; false if it ends here."""
        link.prepared |= dict(_PREPARE.findall(data))
        if (cut := self._commits) is None:
            return True
        executed = b"".join(link.prepared.get(name, b"") for name in _EXECUTE.findall(data))
        link.said = (link.said + data + executed)[-4 * CHUNK_BYTES :]
        ends = b"COMMIT\0" in data
        if cut.times and ends and cut.words in link.said:
            cut.times -= 1
            link.doomed = True
            return cut.stored
        if ends:
            link.said = b""
        return True
