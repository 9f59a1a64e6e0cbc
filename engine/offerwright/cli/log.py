"""Logs: JSON lines on stderr, warnings only unless asked for more; secrets are taken out."""

from __future__ import annotations

import logging
import sys

import structlog

from offerwright.connectors.redaction import redact_event

LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def log_to_stderr(verbose: int) -> None:
    """Send events to stderr at the level that `-v` asks for."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact_event,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[min(verbose, 2)]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
