"""`python -m cpctl.sandbox`: the sandbox in the foreground. `cpctl sandbox up` starts this in the background."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

from cpctl.sandbox.failure import SandboxError
from cpctl.sandbox.files import LOG, Endpoint, private_folder

FAILED: Final = 1


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(prog="python -m cpctl.sandbox", description="The cpctl sandbox, in the foreground.")
    made.add_argument("--data", type=Path, required=True, help="its folder")
    made.add_argument("--port", type=int, default=None)
    made.add_argument("--seed", type=int, default=None)
    made.add_argument("--scale", type=int, default=None)
    made.add_argument("--speed", type=float, default=None)
    made.add_argument(
        "--report", action="store_true", help="say on stdout, in one JSON line, how the start went; then log"
    )
    made.add_argument("--until-eof", action="store_true", help="stop when stdin ends, that is, with whoever started it")
    return made


def main(argv: list[str] | None = None) -> int:
    """Serve until stopped; 1 when it cannot start."""
    wanted = parser().parse_args(argv)
    if wanted.until_eof:
        threading.Thread(target=stop_at_eof, daemon=True).start()
    try:
        private_folder(wanted.data)
        from cpctl.sandbox.serve import Wish, serve

        wish = Wish(wanted.port, wanted.seed, wanted.scale, wanted.speed)
        serve(wanted.data, wish, lambda endpoint: told(wanted.data, endpoint, report=wanted.report))
    except SandboxError as error:
        if wanted.report:
            print(json.dumps({"error": error.message, "hint": error.hint}), flush=True)
        else:
            print(f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""), file=sys.stderr)
        return FAILED
    return 0


def stop_at_eof() -> None:
    """Stop as SIGTERM would once stdin has ended."""
    while os.read(sys.stdin.fileno(), 4096):  # not sys.stdin.read(): its lock would be in the way at the end
        pass
    signal.raise_signal(signal.SIGTERM)


def told(folder: Path, endpoint: Endpoint, *, report: bool) -> None:
    """Say that it is up; a background process then lets go of whoever started it."""
    if not report:
        print(f"sandbox at {endpoint.url}", file=sys.stderr)
        return
    print(json.dumps(endpoint._asdict()), flush=True)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, sys.stdout.fileno())
    os.close(log)


if __name__ == "__main__":
    sys.exit(main())
