"""`offers` on several engines: the same bytes, one file or none."""

from __future__ import annotations

import importlib.util
import os
import signal
import time

import pytest
from cli.shop import AS_OF, Shop

AT = ("--as-of", AS_OF)


def test_a_pool_prints_what_one_process_prints(reference: Shop) -> None:
    here = reference("offers", *AT, "-o", "csv", "--digest")
    pool = reference("offers", *AT, "-o", "csv", "--digest", "--engine", "pool", "--workers", "2")

    assert (pool.code, pool.out) == (here.code, here.out) == (0, here.out)
    digests = [[x for x in done.err.splitlines() if "Digest" in x] for done in (here, pool)]
    assert len(digests[0]) == 1
    assert digests[0] == digests[1]


def test_some_skus_are_said_as_in_the_whole(reference: Shop) -> None:
    whole = reference("offers", *AT, "-o", "jsonl", "--account", "meli").records()
    wanted = [whole[400]["sku"], whole[3]["sku"]]
    some = reference(
        "offers", *AT, "-o", "jsonl", "--account", "meli", "--sku", wanted[0], "--sku", wanted[1]
    )

    assert some.records() == [whole[3], whole[400]]


def test_an_output_that_cannot_be_written_leaves_nothing(shop: Shop) -> None:
    assert shop("snapshot").code == 0
    (shop.root / "offers.csv").mkdir()
    done = shop("offers", *AT, "-o", "csv", "--out", "offers.csv/offers.csv/x.csv")

    assert done.code != 0
    assert "offers.csv" in done.err
    assert list((shop.root / "offers.csv").iterdir()) == []


def test_a_folder_that_is_not_there_is_named(shop: Shop) -> None:
    done = shop("offers", *AT, "-o", "csv", "--out", "nowhere/offers.csv")

    assert done.code != 0
    assert f"nothing can be written to {shop.root / 'nowhere'}: No such file" in done.err


def test_a_file_beside_the_output_stays_as_it_is(shop: Shop) -> None:
    (shop.root / "offers.csv.part").write_text("of somebody else\n")
    done = shop("offers", *AT, "-o", "csv", "--out", "offers.csv")

    assert done.code == 0, done
    assert (shop.root / "offers.csv.part").read_text() == "of somebody else\n"


def test_a_pipe_is_written_to_and_stays_a_pipe(shop: Shop) -> None:
    pipe = shop.root / "offers.pipe"
    os.mkfifo(pipe)
    running = shop.start("offers", *AT, "-o", "csv", "--out", "offers.pipe")
    told = pipe.read_text("utf-8")
    running.communicate(timeout=60)

    assert running.returncode == 0
    assert told == shop("offers", *AT, "-o", "csv").out
    assert pipe.is_fifo()


def stopped(shop: Shop, number: signal.Signals) -> tuple[int, str]:
    """The code of a command that got a signal at work, and what it said."""
    rows = "".join(f"Z-{n},Fone,audio/fones,100.00,105.00,\n" for n in range(200_000))
    catalogue = shop.root / "data/catalogue.csv"
    catalogue.write_text(catalogue.read_text("utf-8") + rows, "utf-8")
    assert shop("snapshot").code == 0
    (shop.root / "offers.jsonl").write_text("of yesterday\n")
    running = shop.start("offers", *AT, "-o", "jsonl", "--out", "offers.jsonl")
    while running.poll() is None and not list(shop.root.glob(".offers.jsonl.pieces-*")):
        time.sleep(0.02)
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    return running.returncode, said


def test_a_command_that_is_ended_leaves_the_output_as_it_was(shop: Shop) -> None:
    code, _ = stopped(shop, signal.SIGTERM)

    assert code == 128 + signal.SIGTERM
    assert (shop.root / "offers.jsonl").read_text() == "of yesterday\n"
    assert list(shop.root.glob(".offers.jsonl*")) == []


def test_an_interrupt_leaves_the_output_as_it_was(shop: Shop) -> None:
    code, said = stopped(shop, signal.SIGINT)

    # Frames pass the signal on at the very end where they were at work; shells say 130 of both.
    assert code in (130, -signal.SIGINT)
    assert "interrupted; nothing is lost" in said
    assert (shop.root / "offers.jsonl").read_text() == "of yesterday\n"
    assert list(shop.root.glob(".offers.jsonl*")) == []


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_the_engine_says_what_to_install(shop: Shop) -> None:
    done = shop("offers", *AT, "--engine", "ray")

    assert done.code != 0
    assert done.err == "error: Ray is not installed; install offerwright[ray]\n"
