"""Logs: one line an entry, JSON unless a person watches, and never a local variable of a traceback."""

import logging
import sys

import structlog

#: Chatty at levels that would show request bodies, URLs with secrets, or nothing of use.
_QUIET = {
    "nio": logging.ERROR,
    "stripe": logging.WARNING,
    "apprise": logging.WARNING,
    "aiohttp": logging.WARNING,
}


def configure() -> None:
    """To standard error; structlog's own default would print the values of variables with a traceback."""
    watched = sys.stderr.isatty()
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if watched else [structlog.processors.format_exc_info]),
            plain if watched else structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s"
    )
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
