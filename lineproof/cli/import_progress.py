"""What an import has done so far: on one line of a terminal, or now and then elsewhere."""

from typing import TextIO


class Progress:
    """Counts, and says what was left out, on a stream of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.entries = self.runs = self.records = self.broken = 0

    def refuse(self, where: str, reason: str) -> None:
        """Something was broken or refused."""
        self.broken += 1
        self._say("refused", where, reason)

    def leave_out(self, where: str, reason: str) -> None:
        """Something was not tried, which is no fault."""
        self._say("left out", where, reason)

    def show(self) -> None:
        """After each batch."""
        line = f"{self.records} records, {self.runs} runs, {self.entries} entries"
        if self._stream.isatty():
            print(f"\r\x1b[K{line}", end="", file=self._stream, flush=True)
        else:
            print(line, file=self._stream)

    def done(self) -> None:
        """At the end."""
        if self._stream.isatty():
            print("\r\x1b[K", end="", file=self._stream)

    def _say(self, what: str, where: str, reason: str) -> None:
        self.done()
        print(f"{what} {_inert(where)}: {_inert(reason)}", file=self._stream)


def _inert(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
