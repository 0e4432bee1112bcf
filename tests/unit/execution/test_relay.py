import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from spikefuse.execution.relay import log_relayed, relay_logs


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    messages: list[dict[str, Any]] = []
    root = logging.getLogger()
    level = root.level
    handler = relay_logs(logging.INFO, messages.append)
    yield messages
    root.removeHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(False)


def test_records_are_sent_with_their_traceback(sent: list[dict[str, Any]]) -> None:
    logger = logging.getLogger("spikefuse.somewhere")
    logger.debug("too fine")
    logger.warning("careful: %d", 7)
    try:
        raise ValueError("odd")
    except ValueError:
        logger.exception("it broke")
    assert sent[0] == {"logger": "spikefuse.somewhere", "level": 30, "text": "careful: 7"}
    assert len(sent) == 2
    assert sent[1]["text"].startswith("it broke\nTraceback")


def test_warnings_are_sent(sent: list[dict[str, Any]]) -> None:
    # What captureWarnings does is undone by pytest's own recording of warnings.
    with warnings.catch_warnings():
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.simplefilter("always")
        warnings.warn("this is odd", UserWarning, stacklevel=1)
        logging.captureWarnings(False)
    assert [message["logger"] for message in sent] == ["py.warnings"]
    assert "this is odd" in sent[0]["text"]


def test_failing_channel_does_not_fail_the_job(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    broken = relay_logs(logging.INFO, lambda record: 1 / 0)  # type: ignore[arg-type,return-value]
    try:
        logging.getLogger("spikefuse").warning("careful")
    finally:
        logging.getLogger().removeHandler(broken)
    assert len(sent) == 1


def test_relayed_records_are_logged_under_their_name(caplog: pytest.LogCaptureFixture) -> None:
    record = {"logger": "spikefuse.somewhere", "level": logging.ERROR, "text": "100 % odd"}
    log_relayed("job 1", record)
    log_relayed(None, record)
    assert caplog.record_tuples == [
        ("spikefuse.somewhere", logging.ERROR, "job 1: 100 % odd"),
        ("spikefuse.somewhere", logging.ERROR, "100 % odd"),
    ]
    assert sys.exc_info() == (None, None, None)
