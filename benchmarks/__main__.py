"""`python -m benchmarks` is `make bench`."""

import logging
import sys

import structlog

from benchmarks.cli import main

structlog.configure(
    wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
    logger_factory=structlog.PrintLoggerFactory(sys.stderr),  # stdout is for the table
)
sys.exit(main())
