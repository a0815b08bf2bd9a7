"""What can go wrong in OSDP.

OsdpError
├── LocalError            our side asked for something the protocol forbids
├── MessageError          a well-formed frame whose contents make no sense
└── SecurityError         the secure channel does not hold
    └── BadMac
"""


class OsdpError(Exception):
    """Root of this package's errors."""


class LocalError(OsdpError):
    """Our own side broke the protocol's rules: a bug or a wrong configuration, never the peer."""


class MessageError(OsdpError):
    """The peer's frame is intact, but its code or payload is not what the standard allows."""


class SecurityError(OsdpError):
    """The secure channel does not hold for this frame."""


class BadMac(SecurityError):
    """The message authentication code is not the one that the chain demands."""
