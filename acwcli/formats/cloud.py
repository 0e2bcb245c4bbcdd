"""Objects of S3, Google Cloud Storage and Azure, and files behind http(s): copied once, block by block.

A copy, because recognising, checking and reading look at a file more than once, and each look would cross the network.
Credentials are found as each cloud's own tools find them. No message quotes what a cloud says: it may hold secrets.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from acwcli.errors import InputError, UsageError
from acwcli.formats.scratch import scratch_file

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_CLOUDS, _WEB = ("s3", "gs", "az"), ("http", "https")
_BLOCK = 8 << 20
_CONNECT_S, _WAIT_S = 10, 60
_ATTEMPTS = 2

_MISSING = r"(?i)not.?exist|not.?found|no.?such|HTTP status 404"
_REFUSED = r"(?i)HTTP status 40[13]|denied|forbidden|unauthori|unauthenticated|credential|access.?key|signature|token"
_SILENT = r"(?i)connect|resolve|time.?out|timed out|unavailable|network|unreachable"
_LOGIN = r"^(\w+://)(?:[^/]*:.*@|[^/]*@)"
"""`KEY:SECRET@` before a bucket; a secret may hold a `/`."""
_SIGNED = r"(?i)\?(?=.*\b(?:sig|signature|x-amz-[\w-]+|x-goog-[\w-]+|token|awsaccesskeyid)=)"
_HELP = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN",
}


def is_remote(text: str) -> bool:
    """Whether a path is an address."""
    return text.partition("://")[0].lower() in (*_CLOUDS, *_WEB) and "://" in text


def shown(text: str) -> str:
    """A path as messages show it: of an address neither what is signed into its query nor who logs in."""
    scheme = text.partition("://")[0].lower()
    if not is_remote(text):
        return text
    if scheme not in _WEB:
        return re.split(_SIGNED, re.sub(_LOGIN, r"\1", text), maxsplit=1)[0]
    parts = urlsplit(text)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def fetch(text: str) -> list[tuple[str, Path, bool]]:
    """Copy what an address names to temporary files.

    Args:
        text: `https://…`, or `s3://bucket/key`, `gs://…`, `az://container/…`: an object, a prefix or a glob.

    Returns:
        Name for messages, copy, and whether the object itself was named.

    Raises:
        InputError: it is not there, may not be read, or nobody answers.
        UsageError: an address without a bucket, or with a password in it.
    """
    scheme, _, place = text.partition("://")
    if scheme.lower() in _CLOUDS and shown(text) != text:
        raise UsageError(
            f"{shown(text)}: no keys, passwords or signatures in such addresses; set {_HELP[scheme.lower()]}, or give "
            "a signed address as https://"
        )
    if scheme.lower() in _WEB:
        return [(shown(text), _from_web(text), True)]
    return [
        (f"{scheme}://{key}", _from_cloud(scheme.lower(), key, f"{scheme}://{key}"), named)
        for key, named in _keys(scheme.lower(), place, text)
    ]


def _keys(scheme: str, place: str, text: str) -> list[tuple[str, bool]]:
    """The objects an address names, and whether by its own name."""
    from pyarrow.fs import FileSelector, FileType

    place = place.rstrip("/") if place.endswith("/") else place
    if not place:
        raise UsageError(f"{text}: which bucket? Write {scheme}://BUCKET/FILE")
    with _understood(scheme, text):
        store = _file_system(scheme)
        kind = store.get_file_info(place).type
        if kind == FileType.File:
            return [(place, True)]
        fixed = re.split(r"[*?\[]", place, maxsplit=1)[0]
        folder = place if fixed == place else fixed.rpartition("/")[0]
        if not folder:
            raise UsageError(f"{text}: a bucket cannot be a pattern; write {scheme}://BUCKET/PATTERN")
        listed = store.get_file_info(FileSelector(folder, recursive=True, allow_not_found=True))
    wanted = _pattern(place if fixed != place else f"{place}/**")
    found = sorted(item.path for item in listed if item.type == FileType.File and wanted.fullmatch(item.path))
    found = [key for key in found if not any(part.startswith(".") for part in key[len(folder) :].split("/"))]
    if not found:
        raise InputError(f"{text}: no such object, and nothing under that name; check it")
    return [(key, False) for key in found]


def _pattern(glob: str) -> re.Pattern[str]:
    """A glob as a regular expression: `*` stays within a folder, `**` does not."""
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    words = re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|.", glob, re.DOTALL)
    return re.compile(
        "".join(known.get(word) or (word.replace("[!", "[^") if len(word) > 1 else re.escape(word)) for word in words)
    )


def _from_cloud(scheme: str, key: str, name: str) -> Path:
    target = scratch_file(key.rpartition("/")[2][-60:])
    with _understood(scheme, name):
        source = _file_system(scheme).open_input_stream(key)
    with source, target.open("wb") as copy:
        while True:
            with _understood(scheme, name):
                block = source.read(_BLOCK)
            if not block:
                return target
            copy.write(block)


@cache
def _file_system(scheme: str) -> FileSystem:
    from datetime import timedelta

    from pyarrow import fs

    if scheme == "s3":
        return fs.S3FileSystem(
            endpoint_override=_variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
            region=_variable("AWS_REGION", "AWS_DEFAULT_REGION"),
            connect_timeout=_CONNECT_S,
            request_timeout=_WAIT_S,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
        )
    if scheme == "gs":
        return fs.GcsFileSystem(retry_time_limit=timedelta(seconds=_WAIT_S), **_emulator())
    account = _variable("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT")
    if account is None:
        raise UsageError("az://: whose storage? Set AZURE_STORAGE_ACCOUNT_NAME")
    token = _variable("AZURE_STORAGE_SAS_TOKEN")
    return fs.AzureFileSystem(
        account,
        account_key=_variable("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_KEY"),
        sas_token=token and "?" + token.removeprefix("?"),  # pyarrow glues it to the address as it is
    )


def _emulator() -> dict[str, Any]:
    """The server that stands in for Google's where `STORAGE_EMULATOR_HOST` names one: nobody to log in to."""
    scheme, _, host = (_variable("STORAGE_EMULATOR_HOST") or "").rpartition("://")
    return {"endpoint_override": host, "scheme": scheme or "http", "anonymous": True} if host else {}


def _variable(*names: str) -> str | None:
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


@contextmanager
def _understood(scheme: str, name: str) -> Iterator[None]:
    """Failures of a cloud in our own words."""
    from pyarrow import ArrowException

    try:
        yield
    except (OSError, ValueError, ArrowException) as error:
        said = str(error)
        if isinstance(error, FileNotFoundError) or re.search(_MISSING, said):
            raise InputError(f"{name}: no such object or bucket; check the address") from None
        if re.search(_SILENT, said) and not re.search(r"HTTP status 40[13]", said):
            raise InputError(f"{name}: nobody answers there; check the network, the address and the region") from None
        if re.search(_REFUSED, said):
            raise InputError(f"{name}: access refused; check {_HELP[scheme]}, and what they may read") from None
        raise InputError(f"{name}: cannot be read from there; check the address, region and credentials") from None


def _from_web(text: str) -> Path:
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    name = shown(text)
    if "@" in urlsplit(text).netloc:
        raise UsageError(f"{name}: no passwords in addresses; download it with a tool that asks for them")
    target = scratch_file(urlsplit(text).path.rpartition("/")[2][-60:] or "page")
    try:
        with urlopen(Request(text, headers={"User-Agent": "acw"}), timeout=_WAIT_S) as source:
            _copy(source, target, name)
    except HTTPError as error:
        reasons = {401: "access refused", 403: "access refused", 404: "no such file", 410: "no such file"}
        said = reasons.get(error.code, "the server failed")
        raise InputError(f"{name}: {said} (HTTP {error.code}); check the address, and whether it has expired") from None
    except (TimeoutError, HTTPException, ConnectionError, URLError):
        raise InputError(f"{name}: nobody answers there, or no longer; check the network and the address") from None
    except ValueError:
        raise InputError(f"{name}: this is no usable address; check how it is spelt") from None
    return target


def _copy(source: Any, target: Path, name: str) -> None:  # noqa: ANN401  # urllib's response has no public type
    """Copy a response; one that ends before its announced length is no file."""
    announced, copied = source.headers.get("Content-Length"), 0
    with target.open("wb") as copy:
        while block := source.read(_BLOCK):
            copied += copy.write(block)
    if announced is not None and copied != int(announced):
        raise InputError(f"{name}: the transfer broke off after {copied:,} of {int(announced):,} bytes; try again")
