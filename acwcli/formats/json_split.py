"""A JSON text of any shape cut into its documents, in flat memory: lines, objects in a row, arrays, pages of an API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TextIO

_CHUNK = 1 << 20
_LONGEST = 16 << 20
"""Characters of the longest document; what goes on longer has lost a quote or a brace."""

_BLANK = re.compile(r"[\s\ufeff]*")
_SCALAR = r'"[^"\\]*"|[-+.\deE]+|true|false|null|\{[^{}]*\}|\[[^\[\]{}]*\]'
_PAIRS = rf'\{{\s*(?:"[^"\\]*"\s*:\s*(?:{_SCALAR})\s*,\s*){{0,12}}'
_WRAPS = "conversations|data|tasks?|taskDetails|agentSessions?|items|records|results|entities"
_WRAPPER = re.compile(rf'{_PAIRS}"(?:{_WRAPS})"\s*:\s*(?:{_PAIRS}"(?:{_WRAPS})"\s*:\s*){{0,3}}\[')
_WRAP_KEYS = frozenset(_WRAPS.replace("tasks?", "tasks|task").replace("Sessions?", "Sessions|agentSession").split("|"))
_FIRST_KEY = re.compile(r'\{\s*"[^"\\]*"')

_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True)
class Document:
    """One document as it is written.

    Attributes:
        text: its text.
        value: the parsed object; None when it is none.
        bad: why it is not usable, or None.
    """

    text: str
    value: dict[str, Any] | None
    bad: str | None = None


@dataclass
class Splitter:
    """Yields the documents of a stream; what it learns of the pages around them is kept beside.

    Attributes:
        stream: UTF-8 text.
        more_pages: whether the last page says that others follow; None where no page says.
        hits: how many records there are on all pages, as a page says.
        cut: the text ends inside an array or page.
    """

    stream: TextIO
    more_pages: bool | None = None
    hits: int = 0
    cut: bool = False
    _text: str = ""
    _at: int = 0
    _ended: bool = False
    _lost: bool = False
    _usual: str = ""
    _next_document: re.Pattern[str] | None = field(default=None, repr=False)

    def __iter__(self) -> Iterator[Document]:
        """Yield every document, good or not."""
        while char := self._peek():
            if char == ",":  # the inside of an array, without its brackets
                self._at += 1
            else:
                yield from self._value()

    def _more(self, size: int = _CHUNK) -> bool:
        if self._ended:
            return False
        chunk = self.stream.read(size)
        self._ended = not chunk
        self._text = self._text[self._at :] + chunk
        self._at = 0
        return bool(chunk)

    def _peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]  # matches always
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _value(self) -> Iterator[Document]:
        """A document, an array of them, or a page around such an array."""
        start = self._peek()
        if self._usual and self._text.startswith(self._usual, self._at):
            yield self._document()
            return
        if len(self._text) - self._at < _CHUNK // 16:
            self._more()
        if start == "[":
            self._at += 1
            yield from self._array()
        elif start == "{" and _WRAPPER.match(self._text, self._at):
            self._at += 1
            yield from self._page()
        else:
            yield self._document()

    def _array(self) -> Iterator[Document]:
        while (char := self._peek()) != "]":
            if not char:
                self.cut = not self._lost
                return
            if char == ",":
                self._at += 1
            else:
                yield from self._value()
        self._at += 1

    def _page(self) -> Iterator[Document]:
        """The object around an array: its other members are no documents."""
        self.more_pages = None if self.more_pages is None else False
        while (char := self._peek()) != "}":
            if not char:
                self.cut = not self._lost
                return
            if char == ",":
                self._at += 1
                continue
            key, _ = self._decoded()
            if self._peek() != ":" or not isinstance(key, str):
                yield self._skipped("bad JSON")
                return
            self._at += 1
            yield from self._member(key)
        self._at += 1

    def _member(self, key: str) -> Iterator[Document]:
        opening = self._peek()
        if key in _WRAP_KEYS and opening == "[":
            self._at += 1
            yield from self._array()
        elif key in _WRAP_KEYS and opening == "{" and _WRAPPER.match(self._text, self._at):
            self._at += 1
            yield from self._page()
        else:
            value, _ = self._decoded()
            if key == "pageInfo" and isinstance(value, dict):
                self.more_pages = value.get("hasNextPage") is True
            elif key == "cursor" and value:
                self.more_pages = True
            elif key == "totalHits" and type(value) is int:
                self.hits = max(self.hits, value)

    def _decoded(self) -> tuple[Any, str]:
        """Parse the value at hand, reading on while it is not whole; `_BROKEN` where it never is; and its text."""
        self._peek()
        size = _CHUNK
        while True:
            try:
                value, end = _decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                too_long = len(self._text) - self._at > _LONGEST
                if too_long or not _may_go_on(error, self._text) or not self._more(size):
                    return _BROKEN, ""
            else:
                # A number at the end of what was read may have more digits.
                if end < len(self._text) or isinstance(value, dict | list | str) or not self._more(size):
                    text, self._at = self._text[self._at : end], end
                    return value, text
            size *= 2

    def _document(self) -> Document:
        value, text = self._decoded()
        if value is _BROKEN:
            return self._skipped("bad JSON")
        if not isinstance(value, dict):
            return Document(text, None, "not a JSON object")
        if self._next_document is None:
            self._learn(text)
        return Document(text, value)

    def _learn(self, text: str) -> None:
        """How the next document can be found after a broken one: by the line, or by the first key they share."""
        by_line = "\n" not in text and re.compile(r"\r?\n").match(self._text, self._at)
        found = _FIRST_KEY.match(text)
        key = re.escape(found[0][1:].strip()) if found else '"'
        self._usual = found[0] if found else ""
        self._next_document = re.compile(r"\n(?=\s*\{)" if by_line else rf"(?<=[\s,}}\]])(?=\{{\s*{key})")

    def _skipped(self, reason: str) -> Document:
        """Give up what stands here and go to where the next document seems to begin."""
        pattern = self._next_document or re.compile(r"\n(?=\s*\{)")
        parts = []
        while True:
            found = pattern.search(self._text, self._at + 1)
            if found:
                break
            # The mark of the next document may lie across the end of what was read.
            keep = max(self._at + 1, len(self._text) - 1000)
            parts.append(self._text[self._at : keep][:_KEPT])
            self._at = min(keep, len(self._text))
            if not self._more():
                parts.append(self._text[self._at :])
                self._at, self._lost = len(self._text), True
                return Document("".join(parts)[:_KEPT].rstrip(), None, reason)
        parts.append(self._text[self._at : found.start()])
        self._at = found.end()
        return Document("".join(parts)[:_KEPT].strip().rstrip(","), None, reason)


_KEPT = 1 << 20
_BROKEN = object()


def _may_go_on(error: Exception, text: str) -> bool:
    """Whether the fault is only that the text ends here."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.pos >= len(text) - 12 or error.msg.startswith("Unterminated string")
