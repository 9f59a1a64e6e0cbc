"""A small shop on disk and the command, in this process or in one of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli import in_process

from offerwright.store.failpoint import VARIABLE

ROOT = Path(__file__).parents[2]
MARKETPLACES = ROOT / "marketplaces"
AS_OF = "2026-11-27T09:30:00-03:00"

FILES = {
    "offerwright.yaml": """\
kind: shop
name: quitanda
time_zone: America/Sao_Paulo
currency: BRL
accounts:
  market: {marketplace: quick-market, settings: {shop_id: casa}, credentials: market}
sources:
  catalogue: {file: data/catalogue.csv}
  stock: {file: data/stock.csv}
snapshot: {shrink_at_most: 90%, reject_at_most: 50%}
""",
    "rules/facts.yaml": """\
kind: facts
name: shop
facts:
  name: {type: text, from: catalogue.name}
  category: {type: path, from: catalogue.category}
  cost: {type: money, from: catalogue.cost}
  lowest: {type: money, from: catalogue.lowest}
  images: {type: list of text, from: catalogue.images}
  stock: {type: map of integer, from: stock.on_hand, key: node}
""",
    "rules/pricing.yaml": """\
kind: pricing
name: shop
steps:
  - id: markups
    phase: base
    rules:
      - {id: audio, when: {category: {under: audio}}, then: {markup: 18%}}
      - {id: cables, when: {category: {under: cables}}, then: {markup: 40%}}
    otherwise: {markup: 90%}
    set: {price: cost * (1 + markup)}
""",
    "rules/inventory.yaml": """\
kind: inventory
name: stock
pool: {on_hand: stock}
allocate: {method: shared, marketplaces: [{marketplace: quick-market}]}
on_block: zero
""",
    "rules/mapping.yaml": """\
kind: mapping
name: content
for: {marketplace: quick-market}
category: {otherwise: {category: shelf-1}}
title: {max: 80, try: ["{{ name }}"]}
images: {from: images, min: 1, max: 6}
""",
    "rules/guards.yaml": """\
kind: guards
name: money
guards:
  - {id: positive, check: positive, else: block}
  - {id: currency, check: currency, else: block}
  - {id: floor, check: price_at_least, bound: lowest, else: block}
""",
    "data/catalogue.csv": """\
sku,name,category,cost,lowest,images
AU-1,Fone,audio/fones,100.00,105.00,https://images.example/1.jpg
AU-2,Caixa,audio/caixas,200.00,210.00,https://images.example/2.jpg
AU-3,Microfone,audio/microfones,50.00,52.50,https://images.example/3.jpg
CA-1,Cabo,cables,10.00,11.00,https://images.example/4.jpg
CA-2,Cabo longo,cables,20.00,21.00,https://images.example/5.jpg
NP-1,Sem custo,cables,,1.00,https://images.example/6.jpg
""",
    "data/stock.csv": """\
sku,node,on_hand
AU-1,sp,5
AU-2,sp,2
AU-3,sp,9
CA-1,sp,40
CA-2,sp,7
NP-1,sp,1
""",
}
# 100 x 1.18, 200 x 1.18, 50 x 1.18, 10 x 1.40, 20 x 1.40
PRICES = {"AU-1": "118.00", "AU-2": "236.00", "AU-3": "59.00", "CA-1": "14.00", "CA-2": "28.00"}
UNITS = {"AU-1": 5, "AU-2": 2, "AU-3": 9, "CA-1": 40, "CA-2": 7}

AT_START = {
    "LC_ALL", "PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONPATH", "PYTHONTZPATH", "TZ", VARIABLE,
}  # fmt: skip
"""What only a process that starts looks at."""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def records(self) -> list[dict[str, Any]]:
        """JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Shop:
    """A configuration repository in a folder of its own."""

    root: Path

    def write(self, file: str, text: str) -> None:
        (self.root / file).parent.mkdir(parents=True, exist_ok=True)
        (self.root / file).write_text(text, encoding="utf-8")

    def change(self, file: str, old: str, new: str) -> None:
        """Edit a file, as one would in an editor; the text must be there."""
        text = (self.root / file).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        self.write(file, text.replace(old, new))

    def new_data(self, file: str, old: str, new: str) -> None:
        """Edit a source and take a new snapshot."""
        self.change(file, old, new)
        assert self("snapshot").code == 0

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None) -> Done:
        """Run the command in this process: a twentieth of the time, where no test needs its own."""
        assert not set(env or {}) & AT_START, "what a process takes at its start needs `process`"
        return Done(*in_process.run(arguments, self.root, environment(env or {})))

    def process(self, *arguments: str, env: Mapping[str, str] | None = None) -> Done:
        """Run the command in a process of its own, to its end."""
        process = self.start(*arguments, env=env)
        out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, err)

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start the command; the shop's folder is where it runs."""
        return subprocess.Popen(
            [sys.executable, "-m", "offerwright", *arguments],
            cwd=self.root, env=environment(env or {}), text=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the surroundings but where Python is."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT / "engine"), "OFFERWRIGHT_CACHE_DIR": "", **own}


def small_shop(folder: Path) -> Shop:
    shop = Shop(folder)
    for file, text in FILES.items():
        shop.write(file, text)
    quick_market(folder / "marketplaces" / "quick-market")
    return shop


def quick_market(folder: Path) -> Path:
    """The example market, but for its name and its answers: what it takes is live at once."""
    shutil.copytree(MARKETPLACES / "example-market", folder, ignore=shutil.ignore_patterns("cases"))
    for path in sorted(folder.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8").replace("example-market", "quick-market")
        text = text.replace("{status: 202, outcome: accepted}", "{status: 202, outcome: confirmed}")
        path.write_text(text.replace("    deferred: true\n", ""), encoding="utf-8")
    return folder


def patient_shop(folder: Path) -> Shop:
    """The small shop on the example market itself, which works on what it takes for a while."""
    shop = small_shop(folder)
    for file in FILES:
        shop.write(file, FILES[file].replace("quick-market", "example-market"))
    return shop


def reference_shop(folder: Path) -> Shop:
    """A copy of the reference repository."""
    for name in ("rules", "data", "marketplaces"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "offerwright.yaml", folder)
    return Shop(folder)
