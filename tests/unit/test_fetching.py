"""Fetching from a local server: what is right arrives once, what is wrong leaves nothing behind."""

from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from feedrate import downloads
from feedrate.archives import ArchiveError
from feedrate.cli import feedrate
from feedrate.downloads import ATTEMPTS, FetchError
from feedrate.fetching import KEPT, RECEIPT, Source, fetch

Answer = Callable[["Handler", bytes], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Gives the next answer of the site's list, the last one for ever."""

    def __init__(self, site: Site, *arguments: object) -> None:
        self.site = site
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.site.calls.append(self.path)
        answers = self.site.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self, self.site.content)

    def log_message(self, format: str, *arguments: object) -> None:
        """The test's output is not for the server's log."""


def whole(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def without_length(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content)


def cut(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.close_connection = True


def moved(handler: Handler, content: bytes) -> None:
    handler.send_response(302)
    handler.send_header("Location", "/elsewhere")
    handler.end_headers()


def status(code: int) -> Answer:
    return lambda handler, content: handler.send_error(code)


@dataclass
class Site:
    """A server in a thread, and what it was asked for."""

    content: bytes = b""
    answers: list[Answer] = field(default_factory=lambda: [whole])
    calls: list[str] = field(default_factory=list)
    address: str = ""

    def source(self, path: str = "data/set.zip", sha256: str | None = None) -> Source:
        digest = sha256 or hashlib.sha256(self.content).hexdigest()
        return Source("receipts", f"{self.address}/{path}", digest)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "*")
    made = Site(content=a_zip({"images/1.jpg": b"jpeg", "labels/1.txt": b"1,2"}))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, made))
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def a_zip(content: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, data in content.items():
            made.writestr(name, data)
    return stream.getvalue()


def a_tar_with_a_link() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as made:
        link = tarfile.TarInfo("images")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        made.addfile(link)
    return stream.getvalue()


def names_below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def refusal(source: Source, folder: Path, **options: object) -> str:
    with pytest.raises((FetchError, ArchiveError)) as caught:
        fetch(source, folder, **options)  # type: ignore[arg-type]
    assert not folder.exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_made_once(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "made" / "receipts"
    archive = fetch(site.source(), folder)
    assert names_below(folder) == [RECEIPT, "images/1.jpg", "labels/1.txt"]
    assert archive.read_bytes() == site.content
    assert names_below(tmp_path / "made") == [
        f"{KEPT}/{archive.name}",
        *(f"receipts/{name}" for name in names_below(folder)),
    ]
    archive.unlink()
    fetch(site.source(), folder)
    assert len(site.calls) == 1


def test_another_folder_downloads_nothing(site: Site, tmp_path: Path) -> None:
    fetch(site.source(), tmp_path / "train")
    fetch(site.source(sha256=site.source().sha256.upper()), tmp_path / "test")
    assert len(site.calls) == 1
    assert names_below(tmp_path / "test") == names_below(tmp_path / "train")


def test_a_kept_archive_that_has_changed_is_downloaded_again(site: Site, tmp_path: Path) -> None:
    archive = fetch(site.source(), tmp_path / "train")
    archive.write_bytes(b"changed")
    fetch(site.source(), tmp_path / "test")
    assert len(site.calls) == 2
    assert archive.read_bytes() == site.content


def test_a_file_that_is_no_archive_is_placed(site: Site, tmp_path: Path) -> None:
    site.content = b'{"data": []}'
    fetch(site.source("a/labels%20v1.json?download=1"), tmp_path / "labels")
    assert names_below(tmp_path / "labels") == [RECEIPT, "labels v1.json"]


@pytest.mark.parametrize("path", ["", "a/", "a/..%2f", "a/%00", "%2e%2e", "a/..%5cx"])
def test_an_address_never_names_a_file_elsewhere(path: str, site: Site, tmp_path: Path) -> None:
    site.content = b"[]"
    fetch(site.source(path), tmp_path / "labels")
    assert names_below(tmp_path / "labels") == [RECEIPT, "download"]


def test_a_redirect_is_followed(site: Site, tmp_path: Path) -> None:
    site.answers = [moved, whole]
    fetch(site.source(), tmp_path / "set")
    assert site.calls == ["/data/set.zip", "/elsewhere"]


def test_a_wrong_hash_unpacks_nothing(site: Site, tmp_path: Path) -> None:
    expected = "0" * 64
    message = refusal(site.source(sha256=expected), tmp_path / "set")
    assert expected in message
    assert site.source().sha256 in message
    assert site.address in message
    assert names_below(tmp_path) == []
    assert len(site.calls) == 1


def test_a_cut_connection_is_tried_again(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.answers = [cut, cut, whole]
    waits: list[float] = []
    fetch(site.source(), tmp_path / "set", wait=waits.append)
    assert names_below(tmp_path / "set") == [RECEIPT, "images/1.jpg", "labels/1.txt"]
    assert waits == [1.0, 2.0]
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "feedrate: fetch receipts: the connection was cut; attempt 2 of 4 in 1 s"


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [(cut, "the connection was cut"), (status(503), "503"), (status(429), "429")],
)
def test_what_does_not_pass_is_one_line(
    answer: Answer, trouble: str, site: Site, tmp_path: Path
) -> None:
    site.answers = [answer]
    waits: list[float] = []
    message = refusal(site.source(), tmp_path / "set", wait=waits.append)
    assert trouble in message
    assert site.address in message
    assert "start again" in message
    assert len(site.calls) == ATTEMPTS == len(waits) + 1
    assert names_below(tmp_path) == []


@pytest.mark.parametrize("code", [403, 404, 410])
def test_a_refusal_is_not_tried_again(code: int, site: Site, tmp_path: Path) -> None:
    site.answers = [status(code)]
    message = refusal(site.source(), tmp_path / "set")
    assert f"the server answers {code}" in message
    assert "check the address" in message
    assert len(site.calls) == 1


def test_no_server_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as closed:  # type: ignore[arg-type]
        port = closed.server_port
    source = Source("receipts", f"http://127.0.0.1:{port}/a.zip", "0" * 64)
    assert "no connection" in refusal(source, tmp_path / "set", wait=lambda _: None)


HARMFUL = {
    "a path out": (a_zip({"../../x": b"1"}), "'../../x'"),
    "a link": (a_tar_with_a_link(), "symbolic link"),
    "a bomb": (a_zip({"x": bytes(3000)}), "more than 2,000 bytes"),
}


@pytest.mark.parametrize("harm", HARMFUL)
def test_a_harmful_archive_leaves_nothing_but_itself(harm: str, site: Site, tmp_path: Path) -> None:
    site.content, word = HARMFUL[harm]
    message = refusal(site.source(), tmp_path / "in" / "set", max_unpacked_bytes=2000)
    assert word in message
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert [path.name for path in (tmp_path / "in").iterdir()] == [KEPT]


def test_what_a_killed_run_left_is_replaced(site: Site, tmp_path: Path) -> None:
    (tmp_path / ".set.tmp").mkdir()
    (tmp_path / ".set.tmp" / "half").write_text("half")
    (tmp_path / "set").mkdir()
    fetch(site.source(), tmp_path / "set")
    assert names_below(tmp_path / "set") == [RECEIPT, "images/1.jpg", "labels/1.txt"]
    assert not (tmp_path / ".set.tmp").exists()


def test_a_folder_of_somebody_else_is_kept(site: Site, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("text")
    with pytest.raises(FetchError, match="mine exists and was not fetched from this file"):
        fetch(site.source(), tmp_path / "mine")
    assert names_below(tmp_path) == ["mine/thesis.tex"]
    assert site.calls == []


def test_another_hash_does_not_replace_what_is_there(site: Site, tmp_path: Path) -> None:
    fetch(site.source(), tmp_path / "set")
    site.content = a_zip({"new": b"1"})
    with pytest.raises(FetchError, match="remove it"):
        fetch(site.source(), tmp_path / "set")
    assert "images/1.jpg" in names_below(tmp_path / "set")


def test_a_receipt_in_the_archive_is_not_believed(site: Site, tmp_path: Path) -> None:
    site.content = a_zip({RECEIPT: b"0" * 64})
    assert "a name of ours" in refusal(site.source(), tmp_path / "set")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a/b", "a/b.zip", "http:///b", "/a", "s3://a/b", ""]
)
def test_only_http_is_fetched(url: str) -> None:
    with pytest.raises(FetchError, match="give an http or https address") as caught:
        Source("receipts", url, "0" * 64)
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize("sha256", ["", "0" * 63, "g" * 64, "md5:" + "0" * 60, "0" * 64 + "\n"])
def test_a_hash_has_64_digits(sha256: str) -> None:
    with pytest.raises(FetchError, match="is not 64 hexadecimal digits"):
        Source("receipts", "https://example.org/a.zip", sha256)


@pytest.mark.parametrize(
    ("answer", "last"),
    [(whole, "2 of 2 MB, "), (without_length, "2 MB so far, ")],
    ids=["length", "no length"],
)
def test_a_long_download_says_where_it_stands(
    answer: Answer,
    last: str,
    site: Site,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("feedrate.progress.PATIENCE_S", -1.0)
    monkeypatch.setattr(downloads, "BLOCK_BYTES", 1_000_000)
    site.content, site.answers = bytes(2_000_000), [answer]
    fetch(site.source(), tmp_path / "set")
    told = [line for line in capsys.readouterr().err.splitlines() if "fetch receipts" in line]
    assert told[0].startswith("feedrate: fetch receipts: 1 ")
    assert any(last in line for line in told)


def test_the_verb_fetches(site: Site, tmp_path: Path) -> None:
    source = site.source()
    flags = ["--name", source.name, "--url", source.url, "--sha256", source.sha256]
    flags += ["--archives", str(tmp_path / "kept")]
    done = CliRunner().invoke(feedrate, ["fetch-dataset", *flags, str(tmp_path / "set")])
    assert done.exit_code == 0, done.output
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [
        f"{source.digest[:16]}-set.zip"
    ]
    assert (tmp_path / "set" / "images" / "1.jpg").read_bytes() == b"jpeg"


def test_the_verb_refuses_a_bomb(site: Site, tmp_path: Path) -> None:
    source = site.source()
    flags = ["--name", source.name, "--url", source.url, "--sha256", source.sha256]
    flags += ["--max-unpacked-bytes", "5"]
    done = CliRunner().invoke(feedrate, ["fetch-dataset", *flags, str(tmp_path / "set")])
    assert "more than 5 bytes, the limit" in str(done.exception)
