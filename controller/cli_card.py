"""The command line's ``ostiary card``: what the bits of a card mean, by every format there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from controller.site.check import check, format_errors
from controller.terminal import err, out

if TYPE_CHECKING:
    from controller.domain.site import Site
    from devices.cards import CardFormat

OK, NOBODY_READS_IT, UNUSABLE = 0, 1, 2

card_app = typer.Typer(no_args_is_help=True, help="The cards that readers send.")


@card_app.callback()
def _card() -> None:
    """The cards that readers send."""


@card_app.command("decode")
def card_decode(
    sent: Annotated[str, typer.Argument(metavar="BITS|HEX", help="The bits, the first one first; or the raw hex.")],
    bits: Annotated[int | None, typer.Option(help="How many bits the hex holds, left-aligned.")] = None,
    site: Annotated[Path | None, typer.Option(help="Also try the formats of this site file.")] = None,
) -> None:
    """Print what every card format makes of the bits that a reader sent.

    Exit code 0: at least one format reads them; 1: none does; 2: no bits, or the file is not in order.
    """
    from devices.cards import BUILT_IN
    from devices.gateway.shown import layout

    read = raw_bits(sent, bits)
    known, policy = dict(BUILT_IN), _policy(site)
    if policy is not None:
        known |= {name: layout(each) for name, each in policy.card_formats.items()}
    good = False
    for each in known.values():
        said, fits = _reading(each, *read)
        good |= fits
        where = ", ".join(_readers(policy, each.name)) if policy else ""
        out.print(f"{each.name:<16}{said}{f' (at {where})' if where else ''}", markup=False)
    raise typer.Exit(OK if good else NOBODY_READS_IT)


def raw_bits(sent: str, bits: int | None) -> tuple[int | None, bytes]:
    """Return bit count and raw bytes of what was typed. The count is None where hex is given without one.

    Raises ``typer.Exit`` where it is neither bits nor hex.
    """
    digits = "".join(sent.split()).replace("_", "")
    if digits and set(digits) <= {"0", "1"} and bits in (None, len(digits)):
        return len(digits), int(digits.ljust(-(-len(digits) // 8) * 8, "0"), 2).to_bytes(-(-len(digits) // 8), "big")
    try:
        raw = bytes.fromhex(digits.removeprefix("0x"))
    except ValueError:
        raw = b""
    if not raw or (bits is not None and not 0 < bits <= len(raw) * 8):
        err.print(f"{sent!r} is neither bits nor the hex of {bits or 'some'} bits", markup=False)
        raise typer.Exit(UNUSABLE)
    return bits, raw


def _policy(file: Path | None) -> Site | None:
    if file is None:
        return None
    site, errors = check(file)
    if site is None:
        err.print(format_errors(errors), markup=False)
        raise typer.Exit(UNUSABLE)
    return site


def _reading(card_format: CardFormat, bits: int | None, raw: bytes) -> tuple[str, bool]:
    """What a format says, and whether it is a card to it. Hex of unknown length is tried where its bytes would do."""
    from devices.cards import Card, ParityFailure, UnknownFormat, read

    count = bits if bits is not None else _length(card_format, raw)
    if count != card_format.bits:
        return f"{card_format.bits} bits, not these {count}", False
    match read(card_format, count, raw):
        case Card(facility=None, number=number):
            return f"number {number}", True
        case Card(facility=facility, number=number):
            return f"facility {facility}, number {number}", True
        case ParityFailure(wrong=wrong):
            return f"parity failure: {_listed(wrong)}", False
        case UnknownFormat():
            return "its fixed bits are others", False


def _length(card_format: CardFormat, raw: bytes) -> int:
    padding = len(raw) * 8 - card_format.bits
    fits = 0 <= padding < 8 and not raw[-1] & (1 << padding) - 1
    return card_format.bits if fits else len(raw) * 8


def _listed(bits: Iterable[int]) -> str:
    return "bit " + ", ".join(map(str, bits))


def _readers(site: Site, card_format: str) -> Iterator[str]:
    for reader in site.readers.values():
        if card_format in site.devices[reader.device].formats:
            yield str(reader.id)
