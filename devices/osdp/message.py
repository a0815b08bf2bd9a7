"""What all OSDP messages share: a code, a payload, and how to get from bytes to values and back."""

from typing import ClassVar, Self

from devices.osdp.errors import MessageError


class Message:
    """A command or reply without payload; those that have one override `payload` and `parse`."""

    __slots__ = ()
    code: ClassVar[int]

    def payload(self) -> bytes:
        """The payload as it stands in an unencrypted frame."""
        return b""

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Read a payload; raises MessageError where it is not what the standard allows."""
        del payload
        return cls()


def records(payload: bytes, size: int, name: str) -> list[bytes]:
    """Cut a payload into one or more records of `size` bytes."""
    if not payload or len(payload) % size:
        raise MessageError(f"{name}: {len(payload)} bytes are not records of {size}")
    return [payload[start : start + size] for start in range(0, len(payload), size)]


def exactly(payload: bytes, size: int, name: str) -> bytes:
    """Return the payload if it has this many bytes."""
    if len(payload) != size:
        raise MessageError(f"{name}: {len(payload)} bytes instead of {size}")
    return payload


def at_least(payload: bytes, size: int, name: str) -> bytes:
    """Return the payload if it has this many bytes or more."""
    if len(payload) < size:
        raise MessageError(f"{name}: {len(payload)} bytes, fewer than {size}")
    return payload
