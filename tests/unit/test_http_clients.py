# Copyright (c) 2026, officefleet.c2r contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients: the same promises from requests, from the standard library alone, and from files of this machine."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import (
    file_transfer,
    http,
    http_local,
    http_requests,
    http_standard,
)
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.errors import NotInBuildError, TransferError
from ansible_collections.officefleet.c2r.plugins.module_utils._cdn.transfer import Downloader, Fetched

QUICK = http.Patience(attempts=2, pause=0.01, connect=2.0, read=0.3, retry_after=0.05)
CLIENTS = [http_requests.Client, http_standard.Client]
Handler = type[BaseHTTPRequestHandler]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(params=CLIENTS, ids=["requests", "standard"])
def client(request: pytest.FixtureRequest) -> http.ClientFactory:
    factory: http.ClientFactory = request.param
    return factory


class Site(BaseHTTPRequestHandler):
    """Answers by path; keeps path and headers of what was asked."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, dict[str, str]]]
    connections: set[object]
    elsewhere = ""

    def do_GET(self) -> None:
        type(self).asked.append((self.path, dict(self.headers)))
        type(self).connections.add(self.client_address)
        path = self.path.partition("?")[0]
        if path == "/silent":
            self.connection.settimeout(20)
            self.connection.recv(1)
            return
        location = {"/away": self.elsewhere, "/near": "/found", "/round": "/round"}.get(path)
        body = gzip.compress(b"MSCF") if path == "/packed" else b"" if location else b"MSCF"
        known = {"/missing": 404, "/gone": 400, "/busy": 503, "/shut": 403, "/see": 404}
        self.send_response(302 if location else known.get(path, 200))
        if location:
            self.send_header("Location", location)
        if path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        if path == "/endless":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body) + (path == "/short")))
        self.end_headers()
        if path == "/endless":
            body = b"4\r\nMSCF\r\n4\r\nMS"
        if self.command == "GET":
            self.wfile.write(body)
        if path in ("/short", "/endless"):
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Stay quiet."""


@contextmanager
def site(folder: Path | None = None, elsewhere: str = "") -> Iterator[tuple[str, type[Site]]]:
    """Serve, with TLS if there is a folder for the certificate."""

    class Handler(Site):
        asked: list[tuple[str, dict[str, str]]] = []  # noqa: RUF012 - one list per server is the point
        connections: set[object] = set()  # noqa: RUF012

    Handler.elsewhere = elsewhere
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        if folder is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield f"{'http' if folder is None else 'https'}://127.0.0.1:{server.server_port}", Handler
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=lab", "-days", "2"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_a_document_is_fetched_under_our_name_and_as_it_is(client: http.ClientFactory) -> None:
    with site() as (url, handler):
        assert http.get(f"{url}/found", option="source", client=client) == b"MSCF"
    headers = handler.asked[0][1]
    assert headers["User-Agent"] == http.USER_AGENT
    assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/missing", "answered with HTTP status 404 Not Found. It is not there"),
        ("/gone", "answered with HTTP status 400"),
        ("/shut", "answered with HTTP status 403 .* Access is refused"),
        ("/busy", "cannot be fetched, 2 attempts failed: HTTP status 503"),
        ("/short", "cannot be fetched, 2 attempts failed: the answer ended early, it announced 5 bytes"),
        ("/endless", "cannot be fetched, 2 attempts failed: the answer ended early"),
        ("/silent", "cannot be fetched, 2 attempts failed: .*timed out"),
        ("/round", "cannot be fetched: .*redirect"),
    ],
)
def test_errors_read_the_same(client: http.ClientFactory, path: str, text: str) -> None:
    with site() as (url, _handler), pytest.raises(TransferError, match=rf"^source: {url}{path} {text}") as said:
        http.get(f"{url}{path}", option="source", patience=QUICK, client=client)
    assert "\n" not in str(said.value)


def test_nobody_listens(client: http.ClientFactory) -> None:
    with site() as (url, _handler):
        pass
    with pytest.raises(TransferError, match=r"2 attempts failed: .*Connection refused\. Check"):
        http.get(f"{url}/found", option="source", patience=QUICK, client=client)


@pytest.mark.parametrize("url", ["http://[bad/", "nonsense", "gopher://127.0.0.1/x"])
def test_a_malformed_address_is_named(client: http.ClientFactory, url: str) -> None:
    with pytest.raises(TransferError, match=r"^source: .* cannot be fetched: "):
        http.get(url, option="source", patience=QUICK, client=client)


def test_a_server_that_packs_all_the_same(client: http.ClientFactory, tmp_path: Path) -> None:
    """Small documents are unpacked; a file would have another hash, so it is refused."""
    with site() as (url, _handler):
        assert http.get(f"{url}/packed", option="source", client=client) == b"MSCF"
        with pytest.raises(TransferError, match="sends it compressed"):
            Downloader("source", QUICK, client=client).fetch(f"{url}/packed", tmp_path / "file")


def test_a_packed_document_may_not_burst(client: http.ClientFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(bytes(5000))
    monkeypatch.setattr(gzip, "compress", lambda _body: packed)
    monkeypatch.setattr(http, "MAX_DOCUMENT", len(packed) + 10)
    with site() as (url, _handler), pytest.raises(TransferError, match="larger than"):
        http.get(f"{url}/packed", option="source", client=client)


def test_no_redirect_leads_from_https_to_http(
    client: http.ClientFactory, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(certificate / "certificate.pem"))
    with site() as (plain, handler), site(certificate, f"{plain}/found?secret") as (url, _handler):
        assert http.get(f"{url}/near", option="source", patience=QUICK, client=client) == b"MSCF"
        with pytest.raises(TransferError, match=rf"from https to {plain}/found, which nothing protects\. Check"):
            http.get(f"{url}/away", option="source", patience=QUICK, client=client)
    assert handler.asked == []


@pytest.mark.parametrize("place", ["ftp://127.0.0.1:9/found", "file:///etc/hosts", "data:text/plain,MSCF"])
def test_no_redirect_leads_out_of_the_web(client: http.ClientFactory, place: str) -> None:
    with site(elsewhere=place) as (url, _handler), pytest.raises(TransferError) as said:
        http.get(f"{url}/away", option="source", patience=QUICK, client=client)
    assert "refused" not in str(said.value).lower()  # nobody tried to connect


def test_a_certificate_that_is_not_trusted(client: http.ClientFactory, certificate: Path) -> None:
    with site(certificate) as (url, handler), pytest.raises(TransferError, match="certificate"):
        http.get(f"{url}/found", option="source", patience=QUICK, client=client)
    assert handler.asked == []


def test_user_and_password_go_to_their_host_alone(client: http.ClientFactory) -> None:
    with site() as (other, elsewhere), site(elsewhere=f"{other}/found") as (url, handler):
        secret = url.replace("http://", "http://me:p%40ss@")
        other_name = other.replace("127.0.0.1", "localhost")
        handler.elsewhere = f"{other_name}/found"
        assert http.get(f"{secret}/away", option="source", client=client) == b"MSCF"
    assert handler.asked[0][1]["Authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert "Authorization" not in elsewhere.asked[0][1]


def test_the_proxy_of_the_environment_is_asked(client: http.ClientFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with site() as (url, handler):
        monkeypatch.setenv("http_proxy", url)
        assert http.get("http://cdn.invalid/found", option="source", client=client) == b"MSCF"
    assert handler.asked[0][0] == "http://cdn.invalid/found"


def test_another_thread_can_end_a_wait(client: http.ClientFactory) -> None:
    made = client()
    with site() as (url, handler):
        failed: list[BaseException] = []

        def wait() -> None:
            try:
                with made.request("GET", f"{url}/silent", {}, http.Patience(read=30.0)):
                    pass
            except http.PassingError as error:
                failed.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        while not handler.asked:
            pass
        made.end()
        thread.join(10)
        assert not thread.is_alive()
        assert failed
        assert made.ended


def test_requests_keeps_its_connection(tmp_path: Path) -> None:
    with site() as (url, handler):
        downloader = Downloader("source", QUICK, connections=1)
        handler.do_HEAD = handler.do_GET  # type: ignore[attr-defined]  # http.server looks for it
        for number in range(3):
            assert downloader.size(f"{url}/found") == 4
            downloader.fetch(f"{url}/found", tmp_path / str(number))
    assert len(handler.connections) == 1


def test_the_standard_client_needs_nothing_else(tmp_path: Path) -> None:
    """In a Python that sees no other package."""
    program = (
        "import sys; from pathlib import Path\n"
        "from ansible_collections.officefleet.c2r.plugins.module_utils._cdn import http_standard, transfer\n"
        "downloader = transfer.Downloader('source', client=http_standard.Client)\n"
        "print(downloader.size(sys.argv[1]), downloader.fetch(sys.argv[1], Path(sys.argv[2])).size)\n"
        "assert 'requests' not in sys.modules\n"
    )
    tree = next(path for path in Path(__file__).parents if path.name == "ansible_collections").parent
    with site() as (url, handler):
        command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(tree)!r})\n{program}"]
        handler.do_HEAD = handler.do_GET  # type: ignore[attr-defined]  # http.server looks for it
        done = subprocess.run(
            [*command, f"{url}/found", str(tmp_path / "file")],
            env={"no_proxy": "127.0.0.1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.stdout, done.stderr) == ("4 4\n", "")


class TestLocal:
    BODY = os.urandom(10_000)

    @pytest.fixture(autouse=True)
    def _small_segments(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(file_transfer, "SEGMENT", 1000)

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        made = tmp_path / "the library" / "stream.dat"
        made.parent.mkdir()
        made.write_bytes(self.BODY)
        return made

    @pytest.mark.parametrize("as_url", [False, True])
    def test_a_file_is_fetched_like_any_other(self, source: Path, tmp_path: Path, as_url: bool) -> None:
        downloader = Downloader("source", QUICK, client=http_local.Client)
        url = source.as_uri() if as_url else str(source)
        assert downloader.size(url) == 10_000
        assert downloader.fetch(url, tmp_path / "file") == Fetched(10_000, hashlib.sha256(self.BODY).hexdigest())
        assert (tmp_path / "file").read_bytes() == self.BODY

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        downloader = Downloader("source", QUICK, client=http_local.Client)
        for path in (tmp_path / "none", Path(__file__) / "none"):
            with pytest.raises(NotInBuildError, match=rf"^source: {path} is not there: "):
                downloader.size(str(path))
            with pytest.raises(NotInBuildError, match=rf"^source: {path} is not there: "):
                downloader.fetch(str(path), tmp_path / "file")

    @pytest.mark.parametrize("url", ["relative/file", "file://other.host/file", "file:relative"])
    def test_only_absolute_paths_of_this_machine(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(TransferError, match=r"^source: .* neither an absolute path nor"):
            Downloader("source", QUICK, client=http_local.Client).fetch(url, tmp_path / "file")

    def test_a_pipe_is_no_file_and_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(TransferError, match=r"^source: .* cannot be fetched: it is not a file"):
            Downloader("source", QUICK, client=http_local.Client).fetch(str(tmp_path / "pipe"), tmp_path / "file")

    def test_a_directory_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(TransferError, match=r"^source: .* cannot be fetched: it is not a file. Check the path"):
            Downloader("source", QUICK, client=http_local.Client).fetch(str(tmp_path), tmp_path / "file")

    def test_a_file_that_changes_under_way(self, source: Path, tmp_path: Path) -> None:
        newer = source.with_name("newer")
        newer.write_bytes(self.BODY[::-1])

        def change(_count: int) -> None:
            if newer.exists():
                newer.replace(source)

        downloader = Downloader("source", QUICK, client=http_local.Client, connections=1, on_bytes=change)
        assert downloader.fetch(str(source), tmp_path / "file").size == 10_000
        assert (tmp_path / "file").read_bytes() == self.BODY[::-1]
