"""The wire at its worst: F09-F15, A15-A21 against a server that plays bytes."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from offerwright.connectors.client import HttpClient, loopback_base
from offerwright.connectors.exchange import Failure, Reply, Request
from offerwright.errors import ConfigError

Play = Callable[[socket.socket], None]


@contextmanager
def playing(play: Play) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads one request per connection and then plays; with what it was sent."""
    received: list[bytes] = []
    stop = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(2)
                try:
                    received.append(connection.recv(65536))
                    play(connection)
                except OSError:
                    pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", received
    finally:
        stop.set()
        thread.join()
        listening.close()


def says(head: str, body: bytes = b"") -> Play:
    data = head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body
    return lambda connection: connection.sendall(data)


def ask(url: str, method: str = "PUT") -> Request:
    return Request("try", method, f"{url}/items/1", {"Authorization": "Bearer t"}, b"{}")


def exchange(play: Play, *, deadline_s: float = 2.0, body_bytes: int = 10_000) -> Reply | Failure:
    with (
        playing(play) as (url, _),
        HttpClient(deadline_s=deadline_s, body_bytes=body_bytes) as http,
    ):
        return http.exchange(ask(url))


def test_a_whole_answer_comes_back_whole() -> None:
    answered = exchange(says("HTTP/1.1 200 OK\nContent-Length: 2\nX-One: 1", b"{}"))

    assert isinstance(answered, Reply)
    assert (answered.status, answered.body, answered.headers["x-one"]) == (200, b"{}", "1")


def test_gzip_is_unpacked() -> None:
    body = gzip.compress(b'{"id":1}')
    head = f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(body)}"

    answered = exchange(says(head, body))

    assert isinstance(answered, Reply)
    assert (answered.body, answered.broken) == (b'{"id":1}', "")


def test_nothing_is_sent_when_nobody_listens() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    listening.close()

    with HttpClient(deadline_s=2) as http:
        answered = http.exchange(ask(f"http://127.0.0.1:{port}"))

    assert isinstance(answered, Failure)
    assert (answered.kind, answered.code) == ("unsent", "UNREACHABLE")


def test_a_name_that_does_not_exist_is_unsent() -> None:
    with HttpClient(deadline_s=5) as http:
        answered = http.exchange(ask("http://no-such-host.invalid"))

    assert isinstance(answered, Failure)
    assert answered.kind == "unsent"


def test_plain_http_where_tls_is_due_is_unsent() -> None:
    with playing(says("HTTP/1.1 200 OK\nContent-Length: 0")) as (url, _), HttpClient() as http:
        answered = http.exchange(ask(url.replace("http:", "https:")))

    assert isinstance(answered, Failure)
    assert (answered.kind, answered.code) == ("unsent", "UNREACHABLE")


def test_a_reset_after_the_request_is_in_doubt() -> None:
    answered = exchange(lambda connection: None)

    assert isinstance(answered, Failure)
    assert (answered.kind, answered.code) == ("in_doubt", "ANSWER_LOST")


def test_a_black_hole_ends_at_the_deadline() -> None:
    began = time.monotonic()

    answered = exchange(lambda connection: time.sleep(1.0), deadline_s=0.3)

    assert isinstance(answered, Failure)
    assert (answered.kind, answered.code) == ("in_doubt", "DEADLINE")
    assert time.monotonic() - began < 2.5


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_drip_ends_at_the_deadline(where: str) -> None:
    """Each byte comes in time for a read's time-out; only a total deadline ends it."""

    def drip(connection: socket.socket) -> None:
        if where == "body":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 30:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    began = time.monotonic()
    with playing(drip) as (url, _), HttpClient(deadline_s=0.4) as http:
        answered = http.exchange(ask(url))
        took = time.monotonic() - began

    assert isinstance(answered, Failure)
    assert (answered.kind, answered.code) == ("in_doubt", "DEADLINE")
    assert took < 1.0


def test_a_body_cut_short_keeps_its_status() -> None:
    answered = exchange(says("HTTP/1.1 200 OK\nContent-Length: 100", b'{"id":'))

    assert isinstance(answered, Reply)
    assert (answered.status, answered.body, answered.broken) == (200, b"", "was cut short")


def test_a_gzip_cut_short_is_noticed() -> None:
    body = gzip.compress(b'{"id":1}' * 100)[:-12]
    head = f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(body)}"

    answered = exchange(says(head, body))

    assert isinstance(answered, Reply)
    assert answered.broken == "was cut short"


def test_a_gzip_bomb_is_never_unpacked() -> None:
    import tracemalloc

    body = gzip.compress(b" " * 50_000_000, 9)
    head = f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(body)}"
    with playing(says(head, body)) as (url, _), HttpClient(body_bytes=10_000) as http:
        tracemalloc.start()
        answered = http.exchange(ask(url))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert isinstance(answered, Reply)
    assert answered.broken == "is larger than 10000 bytes"
    assert peak < 2_000_000


def test_a_large_plain_body_is_refused() -> None:
    answered = exchange(says("HTTP/1.1 200 OK\nContent-Length: 20000", b"x" * 20_000))

    assert isinstance(answered, Reply)
    assert answered.broken == "is larger than 10000 bytes"


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate, gzip"])
def test_an_encoding_that_lies_is_refused(encoding: str) -> None:
    answered = exchange(
        says(f"HTTP/1.1 200 OK\nContent-Encoding: {encoding}\nContent-Length: 2", b"{}")
    )

    assert isinstance(answered, Reply)
    assert answered.broken != ""
    assert answered.body == b""


def test_a_header_of_a_megabyte_ends_the_exchange() -> None:
    answered = exchange(says("HTTP/1.1 200 OK\nX: " + "x" * 1_000_000))

    assert isinstance(answered, Failure)
    assert answered.kind == "in_doubt"


def test_a_thousand_headers_are_too_many() -> None:
    many = "\n".join(f"X-{n}: 1" for n in range(1000))

    answered = exchange(says(f"HTTP/1.1 200 OK\nContent-Length: 0\n{many}"))

    assert isinstance(answered, Reply)
    assert answered.broken == "has too many headers"


def test_a_redirect_is_never_followed() -> None:
    with playing(says("HTTP/1.1 200 OK\nContent-Length: 0")) as (other, received):
        redirect = f"HTTP/1.1 307 See\nLocation: {other}/steal\nContent-Length: 0"

        answered = exchange(says(redirect))

    assert isinstance(answered, Reply)
    assert (answered.status, received) == (307, [])


def test_a_cookie_does_not_stick() -> None:
    head = "HTTP/1.1 200 OK\nSet-Cookie: a=1; Path=/\nContent-Length: 0\nConnection: close"

    with playing(says(head)) as (url, received), HttpClient() as http:
        http.exchange(ask(url))
        http.exchange(ask(url))

    assert len(received) == 2
    assert b"cookie" not in received[1].lower()


def test_the_request_says_who_we_are() -> None:
    with (
        playing(says("HTTP/1.1 200 OK\nContent-Length: 0")) as (url, received),
        HttpClient() as http,
    ):
        http.exchange(ask(url))

    assert b"user-agent: offerwright/" in received[0].lower()
    assert b"accept: application/json" in received[0].lower()


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    answered = exchange(says("HTTP/1.1 200 OK\nContent-Length: 0"))

    assert isinstance(answered, Reply)


def test_threads_share_one_client() -> None:
    answers: list[Reply | Failure] = []
    play = says("HTTP/1.1 200 OK\nContent-Length: 0\nConnection: close")
    with playing(play) as (url, _), HttpClient(deadline_s=5) as http:
        threads = [
            threading.Thread(target=lambda: answers.append(http.exchange(ask(url))))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [a.status for a in answers if isinstance(a, Reply)] == [200] * 8


@pytest.mark.parametrize("url", ["http://127.0.0.1:8731/m", "http://[::1]:1", "http://127.8.8.8"])
def test_a_loopback_address_may_replace_the_marketplace(url: str) -> None:
    assert loopback_base(url + "/") == url


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:1", "http://example.com", "http://127.0.0.1.evil.example",
        "http://user@127.0.0.1", "ftp://127.0.0.1", "http://10.0.0.1", "http://0.0.0.0",
        "http://127.0.0.1?x=1", "127.0.0.1", "http://[::ffff:10.0.0.1]", "",
    ],
)  # fmt: skip
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loopback_base(url)

    assert refused.value.diagnostics[0].code == "BASE_URL_NOT_LOOPBACK"


def test_closing_gives_up_what_is_under_way() -> None:
    answers: list[Reply | Failure] = []
    with playing(lambda connection: time.sleep(0.5)) as (url, received):
        http = HttpClient(deadline_s=30)
        thread = threading.Thread(target=lambda: answers.append(http.exchange(ask(url))))
        thread.start()
        while not received:
            time.sleep(0.01)
        http.close()
        thread.join(5)

    assert [(a.kind, a.code) for a in answers if isinstance(a, Failure)] == [("in_doubt", "CLOSED")]


def test_an_address_that_is_no_url_is_unsent() -> None:
    with HttpClient() as http:
        answered = http.exchange(ask("http://127.0.0.1:1/" + "x" * 70_000))

    assert isinstance(answered, Failure)
    assert (answered.kind, answered.code) == ("unsent", "BAD_ADDRESS")
