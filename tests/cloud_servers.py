"""Clouds on loopback: of Google Cloud Storage and Azure Blob Storage what reading asks of them, two names a page."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from acwcli.errors import ExitCode
from tests.cli import ROOT, STATES, Ran

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCY"
SIGNED = "X-Amz-Signature=5ig0ature&X-Amz-Credential=AKIDSIGNED"
PARQUET = "sample_data/generic/states.parquet"
NDJSON = "sample_data/generic/states.ndjson.gz"
BUCKET, ACCOUNT = "exports", "centre"
KEY = base64.b64encode(SECRET.encode()).decode()
_PAGE = 2
_AT = formatdate(0, usegmt=True)


def objects() -> dict[str, bytes]:
    """What lies in the bucket."""
    packed = gzip.compress((ROOT / STATES).read_bytes(), mtime=0)
    return {
        "day 1/states.csv": (ROOT / STATES).read_bytes(),
        "states.parquet": (ROOT / PARQUET).read_bytes(),
        "states.ndjson.gz": (ROOT / NDJSON).read_bytes(),
        "packed/2026/03/states.csv.gz": packed,
        "packed/2026/03/readme.txt": b"nothing to see",
        "packed/.hidden.csv.gz": packed,
    }


def refused(ran: Ran, *words: str) -> None:
    """Exit code 3, one line of error with these words, and no secret."""
    assert (ran.code, ran.out) == (ExitCode.INPUT, b""), ran.err
    assert all(word in ran.err for word in words), ran.err
    for secret in (SECRET, KEY, "5ig0ature", "AKIDSIGNED", "Traceback"):
        assert secret not in ran.err


@contextmanager
def served(handler: Any, **facts: object) -> Iterator[str]:
    """Host and port of a web server that answers with a handler, which may know some facts."""
    known = type("Known", (handler,), facts) if facts else handler
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), known) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


class Denying(http.server.BaseHTTPRequestHandler):
    """Refuses everything, as a cloud does that does not know the key."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *words: object) -> None:
        pass


class Cloud(Denying):
    """What both have in common: one bucket, its objects, and how many bytes an answer sends before it hangs up."""

    protocol_version = "HTTP/1.1"
    objects: Mapping[str, bytes]
    most = 1 << 30

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.asked = {name: values[-1] for name, values in parse_qs(query).items()}
        self.answer(path)

    def answer(self, path: str) -> None:
        raise NotImplementedError

    def send(self, content: bytes | str, code: int = 200, **headers: object) -> None:
        content = content.encode() if isinstance(content, str) else content
        self.send_response(code)
        for name, value in {"Content-Length": len(content), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[: self.most])
            self.close_connection = len(content) > self.most


def page(names: Iterable[str], start: str, size: int = _PAGE) -> tuple[list[str], str]:
    """Names from a start on, and the one that the next page starts with."""
    rest = sorted(name for name in names if name >= start)
    return rest[:size], next(iter(rest[size:]), "")


class Google(Cloud):
    """The JSON API: a bucket, an object, its content, a list."""

    def answer(self, path: str) -> None:
        bucket, *key = path.removeprefix("/storage/v1/b/").split("/o", maxsplit=1)
        name = unquote(key[0].removeprefix("/")) if key else ""
        if bucket != BUCKET or (name and name not in self.objects):
            self.send('{"error": {"code": 404, "message": "Not Found"}}', 404)
        elif not key:
            self.send(json.dumps({"kind": "storage#bucket", "name": BUCKET}))
        elif not name:
            below = (own for own in self.objects if own.startswith(self.asked.get("prefix", "")))
            names, following = page(below, self.asked.get("pageToken", ""))
            more = {"nextPageToken": following} if following else {}
            self.send(json.dumps({"kind": "storage#objects", "items": [*map(self.described, names)], **more}))
        elif self.asked.get("alt") == "media":
            self.send(self.objects[name])
        else:
            self.send(json.dumps(self.described(name)))

    def described(self, name: str) -> dict[str, object]:
        size = str(len(self.objects[name]))
        return {"kind": "storage#object", "bucket": BUCKET, "name": name, "size": size, "generation": "1"}


_SIGNED_HEADERS = (
    *("Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date"),
    *("If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"),
)
_FACTS = {
    "x_ms_blob_type": "BlockBlob",
    "x_ms_creation_time": _AT,
    "x_ms_server_encrypted": "false",
    "x_ms_default_encryption_scope": "none",
    "x_ms_deny_encryption_scope_override": "false",
    "x_ms_has_immutability_policy": "false",
    "x_ms_has_legal_hold": "false",
    "x_ms_immutable_storage_with_versioning_enabled": "false",
    "x_ms_lease_state": "available",
    "x_ms_lease_status": "unlocked",
}


class Azure(Cloud):
    """The Blob REST API: a container, a blob, a range of it, a list of a folder. Who asks has signed with `KEY`."""

    def answer(self, path: str) -> None:
        container, _, key = unquote(path).removeprefix(f"/{ACCOUNT}/").partition("/")
        if not self.signed(path):
            quoted = f"The MAC signature {self.headers['Authorization']} is not that of {KEY}"
            self.fail(403, "AuthenticationFailed", quoted)
        elif container != BUCKET:
            self.fail(404, "ContainerNotFound")
        elif "action" in self.asked:
            self.fail(400, "HierarchicalNamespaceNotEnabled")
        elif self.asked.get("comp") == "list":
            self.list()
        elif key and key not in self.objects:
            self.fail(404, "BlobNotFound")
        else:
            self.content(self.objects.get(key, b""))

    def signed(self, path: str) -> bool:
        if "sig" in self.asked:
            return self.asked["sig"] == KEY
        ours = sorted((name.lower(), value) for name, value in self.headers.items() if name.lower().startswith("x-ms-"))
        words = [self.command, *(self.headers[name] or "" for name in _SIGNED_HEADERS)]
        words += [*(f"{name}:{value}" for name, value in ours), f"/{ACCOUNT}{path}"]
        words += [f"{name}:{value}" for name, value in sorted(self.asked.items())]
        mac = hmac.digest(SECRET.encode(), "\n".join(words).encode(), hashlib.sha256)
        return self.headers["Authorization"] == f"SharedKey {ACCOUNT}:{base64.b64encode(mac).decode()}"

    def list(self) -> None:
        prefix, cut = self.asked.get("prefix", ""), self.asked.get("delimiter", "\0")
        below = {name for name in self.objects if name.startswith(prefix)}
        shown = {prefix + "".join(name.removeprefix(prefix).partition(cut)[:2]) for name in below}
        size = min(_PAGE, int(self.asked.get("maxresults", _PAGE)))
        names, following = page(shown, self.asked.get("marker", ""), size)
        self.send(
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="{BUCKET}"><Blobs>'
            f"{''.join(map(self.described, names))}</Blobs><NextMarker>{escape(following)}</NextMarker>"
            "</EnumerationResults>",
            Content_Type="application/xml",
        )

    def described(self, name: str) -> str:
        if name not in self.objects:
            return f"<BlobPrefix><Name>{escape(name)}</Name></BlobPrefix>"
        size = len(self.objects[name])
        facts = f"<Last-Modified>{_AT}</Last-Modified><Content-Length>{size}</Content-Length>"
        return f"<Blob><Name>{escape(name)}</Name><Properties>{facts}<BlobType>BlockBlob</BlobType></Properties></Blob>"

    def content(self, whole: bytes) -> None:
        facts = {"Last_Modified": _AT, "ETag": '"1"', **_FACTS}
        start, _, end = (self.headers["x-ms-range"] or "").removeprefix("bytes=").partition("-")
        if not start:
            self.send(whole, **facts)
            return
        part = whole[int(start) : int(end or len(whole)) + 1]
        spans = f"bytes {start}-{int(start) + len(part) - 1}/{len(whole)}"
        self.send(part, 206, Content_Range=spans, **facts)

    def fail(self, code: int, name: str, said: str = "") -> None:
        text = f"<Error><Code>{name}</Code><Message>{said}</Message></Error>"
        kind = {"Content_Type": "application/xml"} if self.command == "GET" else {}
        self.send(text, code, x_ms_error_code=name, **kind)
