"""A small client of yaml-language-server: JSON-RPC on stdio, one question at a time."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

LIMIT_S = 30
SETTINGS = {
    "yaml": {
        "validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False}, "format": {"enable": False}, "schemas": {},
    },
    "http": {}, "editor": {"tabSize": 2}, "[yaml]": {}, "files": {},
}  # fmt: skip


class LanguageServer:
    """A running server. Documents are opened under names in `folder`, which need not exist."""

    def __init__(self, script: Path, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            ["node", str(script), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.number = 0
        self.diagnostics: dict[str, list[dict[str, Any]]] = {}
        self.versions: dict[str, int] = {}
        root = folder.as_uri()
        capabilities = {
            "textDocument": {
                "completion": {
                    "completionItem": {
                        "snippetSupport": True,
                        "documentationFormat": ["markdown"],
                        "labelDetailsSupport": True,
                    }
                },
                "hover": {"contentFormat": ["markdown"]},
                "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}}},
                "publishDiagnostics": {"relatedInformation": True},
            },
            "workspace": {"configuration": True, "didChangeConfiguration": {}},
        }
        self.ask("initialize", {"processId": None, "rootUri": root, "capabilities": capabilities,
                                "workspaceFolders": [{"uri": root, "name": "shop"}]})  # fmt: skip
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def open(self, name: str, text: str) -> str:
        """Open or replace a document; returns its address."""
        uri = (self.folder / name).as_uri()
        self.diagnostics.pop(uri, None)
        version = self.versions[uri] = self.versions.get(uri, 0) + 1
        if version == 1:
            document = {"uri": uri, "languageId": "yaml", "version": version, "text": text}
            self.tell("textDocument/didOpen", {"textDocument": document})
        else:
            document = {"uri": uri, "version": version}
            changes = [{"text": text}]
            self.tell(
                "textDocument/didChange", {"textDocument": document, "contentChanges": changes}
            )
        return uri

    def completion(self, name: str, text: str) -> list[dict[str, Any]]:
        """What is offered where `¦` stands in the text."""
        uri, position = self._at_cursor(name, text)
        told = self.ask(
            "textDocument/completion", {"textDocument": {"uri": uri}, "position": position}
        )
        items: list[dict[str, Any]] = told["items"] if isinstance(told, dict) else told or []
        return items

    def hover(self, name: str, text: str) -> str:
        """The Markdown that is shown where `¦` stands in the text."""
        uri, position = self._at_cursor(name, text)
        told = self.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": position})
        return str(told["contents"]["value"]) if told else ""

    def problems(self, name: str, text: str) -> list[dict[str, Any]]:
        """What is underlined in the text."""
        return self.problems_of({name: text})[name]

    def problems_of(self, texts: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
        """What is underlined in each text; together, because the server waits before it looks."""
        addresses = {name: self.open(name, text) for name, text in texts.items()}
        while not self.diagnostics.keys() >= set(addresses.values()):
            self._handle(self._read())
        return {name: self.diagnostics[uri] for name, uri in addresses.items()}

    def fixes(self, name: str, found: list[dict[str, Any]]) -> list[str]:
        """The titles of the quick fixes for what is underlined in a document that is open."""
        uri = (self.folder / name).as_uri()
        return [
            action["title"]
            for one in found
            for action in self.ask(
                "textDocument/codeAction",
                {"textDocument": {"uri": uri}, "range": one["range"],
                 "context": {"diagnostics": [one]}},
            ) or []
        ]  # fmt: skip

    def _at_cursor(self, name: str, text: str) -> tuple[str, dict[str, int]]:
        before, after = text.split("¦", 1)
        uri = self.open(name, before + after)
        line = before.count("\n")
        return uri, {"line": line, "character": len(before) - before.rfind("\n") - 1}

    def ask(self, method: str, parameters: dict[str, Any]) -> Any:
        self.number += 1
        self._send({"id": self.number, "method": method, "params": parameters})
        while True:
            message = self._read()
            if message.get("id") == self.number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._handle(message)

    def tell(self, method: str, parameters: dict[str, Any]) -> None:
        self._send({"method": method, "params": parameters})

    def _handle(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("params") or {}
        if method == "textDocument/publishDiagnostics":
            self.diagnostics[parameters["uri"]] = parameters["diagnostics"]
        if method is not None and "id" in message:
            result: Any = None
            if method == "workspace/configuration":
                known: dict[str, Any] = SETTINGS
                result = [known.get(item.get("section")) for item in parameters["items"]]
            self._send({"id": message["id"], "result": result})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        # A server that has gone silent ends, so that reading ends too.
        timer = threading.Timer(LIMIT_S, self.process.kill)
        timer.start()
        try:
            assert self.process.stdout is not None
            length = 0
            while line := self.process.stdout.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            assert length, "the language server has ended"
            message: dict[str, Any] = json.loads(self.process.stdout.read(length))
            return message
        finally:
            timer.cancel()
