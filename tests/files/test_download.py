"""Downloads: checked before they get their names, bounded, and told in one line where they fail."""

import contextlib
import hashlib
import http.server
import threading

import pytest

from ganctl.dataset.images import published
from ganctl.dataset.images.cifar10 import cifar10
from ganctl.error import UsageError
from ganctl.files.download import PIECE, Published, fetch

CONTENT = b"numbers" * 300_000


class Server(http.server.BaseHTTPRequestHandler):
    """Serves what is asked for by name, well or badly."""

    def do_GET(self):
        if self.path == "/absent":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        with contextlib.suppress(OSError):  # whoever asked may have heard enough
            if self.path == "/half":
                self.wfile.write(CONTENT[: len(CONTENT) // 2])
                return
            self.wfile.write(CONTENT)
            while self.path == "/endless":
                self.wfile.write(CONTENT)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def address():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def file(url: str, sha256: str = hashlib.sha256(CONTENT).hexdigest()) -> Published:
    return Published("file.bin", url, sha256, len(CONTENT))


def test_a_whole_file_gets_its_name(address, tmp_path, capsys):
    fetch(file(f"{address}/whole"), tmp_path / "file.bin", "type x")
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert f"Downloading {address}/whole to {tmp_path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/absent", "404"),
        ("/half", "broke off after 1,050,000 of 2,100,000 bytes"),
        ("/endless", "got another"),
    ],
)
def test_what_a_bad_server_sends_leaves_nothing_behind(path, words, address, tmp_path):
    with pytest.raises(UsageError, match=rf"{words}.* type x\.$"):
        fetch(file(address + path), tmp_path / "file.bin", "type x")
    assert list(tmp_path.iterdir()) == []


def test_another_file_is_no_data_set(address, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(published.FILES, "cifar10", [file(f"{address}/whole", "0" * 64)])
    with pytest.raises(UsageError, match=r"got another; get it by hand and type dataset\.path=FOLDER"):
        cifar10()
    assert not list(tmp_path.rglob("*.bin"))
    assert len(CONTENT) > PIECE  # it came in several


@pytest.mark.parametrize("name", published.FILES)
def test_every_published_set_says_what_it_is(name):
    for each in published.FILES[name]:
        assert each.url.startswith("https://") and len(each.sha256) == 64 and each.size > 5000
        assert each.file.startswith("datasets/") and ".." not in each.file


def test_without_a_home_there_is_a_line_and_no_traceback(monkeypatch):
    for name in ("HOME", "XDG_CACHE_HOME", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pathlib.Path.home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    monkeypatch.setattr("ganctl.files.cache.folder", lambda: None)
    with pytest.raises(UsageError, match=r"no home folder .*XDG_CACHE_HOME, or type dataset\.path"):
        published.downloaded("mnist", "files")
