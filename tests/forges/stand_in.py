"""Local stand-ins of both forges: real HTTP on this machine, with state, pages and refusals."""

from __future__ import annotations

import json
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "a-token-of-the-tests-0123456789"
ME = "price-review[bot]"


@dataclass(frozen=True)
class Asked:
    """One request, as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Told:
    """One answer; a status of 0 hangs up instead."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handle = Callable[[Asked], Told]


@dataclass
class Written:
    """A comment as the forge keeps it."""

    id: int
    body: str
    author: str
    is_hidden: bool = False
    is_system: bool = False


@dataclass
class StandIn(ABC):
    """What both have: comments, a token with a right, and answers that are told out of turn."""

    comments: dict[int, Written] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    page: int = 100
    longest: int = 65_536
    right: str = "write"
    url: str = ""
    _out_of_turn: list[tuple[str, Told | None, Callable[[], object] | None]] = field(
        default_factory=list
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ids: int = 100

    def next(
        self, method: str, told: Told | None = None, does: Callable[[], object] | None = None
    ) -> None:
        """The next request of this method is answered so, or comes after something was done."""
        self._out_of_turn.append((method, told, does))

    def write(self, body: str, author: str = ME, *, is_system: bool = False) -> Written:
        self._ids += 1
        self.comments[self._ids] = Written(self._ids, body, author, is_system=is_system)
        return self.comments[self._ids]

    def methods(self) -> list[str]:
        return [one.method for one in self.asked]

    def writes(self) -> list[str]:
        """What was changed, in order, without reads."""
        return [
            one.method
            if not one.path.endswith("graphql")
            else "HIDE"
            for one in self.asked
            if one.method != "GET" and not (one.path.endswith("graphql") and "viewer" in one.body["query"])
        ]  # fmt: skip

    def bodies(self) -> list[str]:
        """The visible comments of ours."""
        return [
            one.body for one in self.comments.values() if one.author == ME and not one.is_hidden
        ]

    def answer(self, asked: Asked) -> Told:
        with self._lock:
            self.asked.append(asked)
            planned = next((p for p in self._out_of_turn if p[0] == asked.method), None)
            if planned is not None:
                self._out_of_turn.remove(planned)
                if planned[2] is not None:
                    planned[2]()
                if planned[1] is not None:
                    return planned[1]
            return self.handle(asked)

    @abstractmethod
    def handle(self, asked: Asked) -> Told:
        """What the forge answers."""

    def paged(self, asked: Asked, entries: list[Any]) -> Told:
        """A page of a list, with the link to the next."""
        size = min(int(asked.query.get("per_page", "20")), self.page)
        number = int(asked.query.get("page", "1"))
        here = entries[(number - 1) * size : number * size]
        links = [f'<{self.url}{asked.path}?per_page={size}&page=1>; rel="first"']
        if number * size < len(entries):
            links.append(f'<{self.url}{asked.path}?per_page={size}&page={number + 1}>; rel="next"')
        return Told(200, here, {"Link": ", ".join(links)})


@dataclass
class GitHubStandIn(StandIn):
    """Issue comments of one pull request, and the two GraphQL documents that are asked of it."""

    pulls: list[dict[str, Any]] = field(default_factory=list)
    has_graphql: bool = True

    def handle(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Told(401, {"message": "Bad credentials"})
        if asked.method != "GET" and not asked.path.endswith("/graphql") and self.right != "write":
            return Told(403, {"message": "Resource not accessible by integration"})
        if asked.path == "/graphql":
            return self._graphql(asked) if self.has_graphql else Told(404, {"message": "Not Found"})
        if asked.path == "/repos/shop/rules/pulls":
            return self.paged(asked, self.pulls)
        if asked.path == "/repos/shop/rules/issues/12/comments":
            if asked.method == "GET":
                return self.paged(asked, [self._shown(one) for one in self.comments.values()])
            return self._kept(asked, None)
        found = re.fullmatch(r"/repos/shop/rules/issues/comments/(\d+)", asked.path)
        if found is None or int(found[1]) not in self.comments:
            return Told(404, {"message": "Not Found"})
        if asked.method == "DELETE":
            del self.comments[int(found[1])]
            return Told(204)
        return self._kept(asked, self.comments[int(found[1])])

    def _kept(self, asked: Asked, there: Written | None) -> Told:
        body = asked.body["body"]
        if len(body) > self.longest:
            error = {"resource": "IssueComment", "code": "unprocessable", "field": "data",
                     "message": f"Body is too long (maximum is {self.longest} characters)"}  # fmt: skip
            return Told(422, {"message": "Validation Failed", "errors": [error]})
        if there is None:
            return Told(201, self._shown(self.write(body)))
        there.body = body
        return Told(200, self._shown(there))

    def _shown(self, one: Written) -> dict[str, Any]:
        kind = "Bot" if one.author.endswith("[bot]") else "User"
        return {"id": one.id, "node_id": f"IC_{one.id}", "body": one.body,
                "html_url": f"https://github.example/shop/rules/pull/12#{one.id}",
                "user": {"login": one.author, "type": kind}}  # fmt: skip

    def _graphql(self, asked: Asked) -> Told:
        variables = asked.body["variables"]
        if "minimizeComment" in asked.body["query"]:
            if self.right != "write":
                error = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
                return Told(200, {"data": None, "errors": [error]})
            one = self.comments.get(int(variables["id"].removeprefix("IC_")))
            if one is None:
                error = {"type": "NOT_FOUND", "message": "Could not resolve to a node"}
                return Told(200, {"data": None, "errors": [error]})
            one.is_hidden = True
            return Told(200, {"data": {"minimizeComment": {"minimizedComment": {}}}})
        nodes = []
        for name in variables["ids"]:
            one = self.comments.get(int(name.removeprefix("IC_")))
            nodes.append(one and {
                "id": name, "isMinimized": one.is_hidden, "viewerDidAuthor": one.author == ME,
                "author": {"login": one.author.removesuffix("[bot]")},
            })  # fmt: skip
        gone = [
            {"type": "NOT_FOUND", "path": ["nodes", n], "message": "Could not resolve to a node"}
            for n, one in enumerate(nodes) if one is None
        ]  # fmt: skip
        errors = {"errors": gone} if gone else {}
        return Told(200, {"data": {"viewer": {"login": ME}, "nodes": nodes}, **errors})


@dataclass
class GitLabStandIn(StandIn):
    """Notes of one merge request."""

    longest: int = 1_000_000

    def handle(self, asked: Asked) -> Told:
        if asked.headers.get("private-token") != TOKEN:
            return Told(401, {"message": "401 Unauthorized"})
        if asked.path == "/user":
            return Told(200, {"id": 7, "username": ME})
        if asked.method != "GET" and self.right != "write":
            return Told(403, {"error": "insufficient_scope", "error_description": "api is needed"})
        base = "/projects/shop/rules/merge_requests/12/notes"
        path = unquote(asked.path)
        if path == base and asked.method == "GET":
            return self.paged(asked, [self._shown(one) for one in self.comments.values()])
        if path == base:
            return self._kept(asked, None)
        found = re.fullmatch(rf"{base}/(\d+)", path)
        if found is None or int(found[1]) not in self.comments:
            return Told(404, {"message": "404 Not found"})
        if asked.method == "DELETE":
            del self.comments[int(found[1])]
            return Told(204)
        return self._kept(asked, self.comments[int(found[1])])

    def _kept(self, asked: Asked, there: Written | None) -> Told:
        body = asked.body["body"]
        if len(body) > self.longest:
            said = f"is too long (maximum is {self.longest} characters)"
            return Told(400, {"message": {"note": [said]}})
        if there is None:
            return Told(201, self._shown(self.write(body)))
        there.body = body
        return Told(200, self._shown(there))

    def _shown(self, one: Written) -> dict[str, Any]:
        author = {"id": 7 if one.author == ME else 8, "username": one.author}
        # GitLab cuts blanks at the end of a note.
        return {"id": one.id, "body": one.body.rstrip(), "author": author, "system": one.is_system}

    def bodies(self) -> list[str]:
        return [body for body in super().bodies() if " outdated -->" not in body]


@contextmanager
def running(forge: StandIn) -> Iterator[StandIn]:
    """The stand-in on a free port, until the test is over."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A whole answer in one piece: two of them wait for each other's acknowledgement.
        wbufsize = -1

        def _any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            read = self.rfile.read(length)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            headers = {key.lower(): value for key, value in self.headers.items()}
            told = forge.answer(
                Asked(self.command, parts.path, query, headers, json.loads(read) if read else None)
            )
            if told.status == 0:  # hang up
                self.close_connection = True
                return
            body = b"" if told.body is None else json.dumps(told.body).encode()
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the tests look at what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield forge
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
