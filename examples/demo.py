"""
The main job on this machine, from a merchandiser's YAML to what marketplaces have.

Starts the local marketplaces on loopback, works on a copy of the reference repository, and runs
the same commands that a user types. Needs no account and no network.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OFFERWRIGHT = [sys.executable, "-m", "offerwright"]
# Black Friday, with the campaigns of the reference repository running.
AS_OF = "2026-11-27T09:30:00-03:00"
ACCOUNTS = ["--account", "meli", "--account", "example", "--account", "vtex"]


def main() -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="offerwright-demo-") as folder:
        shop = copy_repository(Path(folder) / "shop")
        with sandbox() as url:
            story(shop, url)
    say(f"Done in {time.monotonic() - began:.0f} s. Next: README.md, docs/language.md")


def copy_repository(shop: Path) -> Path:
    for name in ("rules", "data", "marketplaces"):
        shutil.copytree(ROOT / name, shop / name)
    shutil.copy(ROOT / "offerwright.yaml", shop)
    return shop


class sandbox:
    """The local marketplaces, as a process of their own."""

    def __enter__(self) -> str:
        command = [*OFFERWRIGHT, "sandbox", "--root", str(ROOT), "--port", "0"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ())
        assert self.process.stderr is not None
        words = self.process.stderr.readline().split()
        if len(words) < 3:
            sys.exit("the sandbox did not start: " + " ".join(words))
        return words[2].split("/<")[0]

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)


def story(shop: Path, url: str) -> None:
    say("1. Is everything in order?", "offerwright check")
    run(shop, "check")

    say("2. What would be sent to three marketplaces that know nothing yet?",
        "offerwright plan --first-publication --out plan.jsonl")  # fmt: skip
    run(shop, "plan", "--sandbox", url, "--as-of", AS_OF, *ACCOUNTS, "--first-publication",
        "--out", "plan.jsonl")  # fmt: skip

    say("3. Send exactly that: real HTTP, tokens, rate limits, late answers",
        "offerwright apply plan.jsonl")  # fmt: skip
    run(shop, "apply", "plan.jsonl", "--sandbox", url)

    say("4. Again: everything is in step, so nothing is sent", "offerwright sync")
    run(shop, "sync", "--sandbox", url, "--as-of", AS_OF, *ACCOUNTS, quiet=True)

    markups = shop / "rules/pricing/markups.csv"
    before, after = raise_markup(markups)
    say("5. A merchandiser raises one markup from 18% to 19%", f"- {before}\n   + {after}")
    run(shop, "plan", "--sandbox", url, "--as-of", AS_OF, *ACCOUNTS)

    say("6. Send the difference, and look at what a marketplace has now", "offerwright sync")
    run(shop, "sync", "--sandbox", url, "--as-of", AS_OF, *ACCOUNTS, quiet=True)
    sku = show_live(url)

    say(f"7. Why does {sku} cost that?", f"offerwright explain {sku} --account meli")
    run(shop, "explain", sku, "--account", "meli", "--sandbox", url, "--as-of", AS_OF)


def raise_markup(markups: Path) -> tuple[str, str]:
    """Change the row `informatica-notebooks-top`, as one would in an editor."""
    text = markups.read_text(encoding="utf-8")
    row = next(r for r in text.splitlines() if r.startswith("informatica-notebooks-top,"))
    changed = row.replace("18%", "19%")
    if changed == row:
        sys.exit(f"the row to change is not there: {row}")
    markups.write_text(text.replace(row, changed), encoding="utf-8")
    return row, changed


def show_live(url: str) -> str:
    """The last price that Mercado Libre was told, read from the marketplace itself."""
    with urllib.request.urlopen(f"{url}/_sandbox/history", timeout=10) as answer:
        calls = json.load(answer)["mercadolibre"]
    last = [c for c in calls if c["took_effect"] and c["values"].get("price")][-1]
    price, call = last["values"]["price"], f"{last['method']} {last['path']}"
    print(f"   mercadolibre has {last['sku']} at {price} ({call})")
    return str(last["sku"])


def say(title: str, command: str = "") -> None:
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}", flush=True)
    if command:
        prompt = "$ " if command.startswith("offerwright") else ""
        print(f"   {prompt}{command}\n", flush=True)


def run(shop: Path, *arguments: str, quiet: bool = False) -> None:
    """Run the command as a user would; a failure ends the demo with its message."""
    place = ["--root", str(shop)]
    done = subprocess.run(
        [*OFFERWRIGHT, *arguments, *place], cwd=shop, env=environ(), text=True,
        capture_output=True, timeout=300,
    )  # fmt: skip
    out = done.stdout.rstrip()
    if quiet:
        out = out.rsplit("\n\n", 1)[-1]
    if out:
        print("\n".join(f"   {line}" for line in out.splitlines()), flush=True)
    last = done.stderr.strip().splitlines()[-1:] if not out else []
    for line in last:
        print(f"   {line}", flush=True)
    if done.returncode:
        sys.exit(f"\nfailed with exit code {done.returncode}:\n{done.stderr}")


def environ() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "120"}


if __name__ == "__main__":
    main()
