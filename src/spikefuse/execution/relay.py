"""Log records travel from where a job runs to the log of the process that asked for it."""

import logging
from collections.abc import Callable, Mapping
from typing import Any


class RelayHandler(logging.Handler):
    """Turns each record into a JSON mapping and sends it."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record, traceback included."""
        try:
            text = self.format(record)
            self._send({"logger": record.name, "level": record.levelno, "text": text})
        except Exception:
            self.handleError(record)


def relay_logs(level: int, send: Callable[[dict[str, Any]], None]) -> RelayHandler:
    """Send every record of this process of at least `level`, Python's warnings included."""
    handler = RelayHandler(send)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(True)
    return handler


def log_relayed(job: str | None, record: Mapping[str, Any]) -> None:
    """Log a record that came from a worker, as if it had been made here."""
    logger = logging.getLogger(record["logger"])
    logger.log(record["level"], "%s%s", f"{job}: " if job else "", record["text"])


def wanted_level() -> int:
    """The lowest level that this process would log from spikefuse."""
    return logging.getLogger("spikefuse").getEffectiveLevel()
