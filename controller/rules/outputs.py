"""Sirens, sounders, strobes and relays: on as long as anybody wants them on, and never waiting for the log."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.effects import SetOutput
from controller.domain.ids import DeviceId, OutputId
from controller.domain.state import OutputState
from controller.domain.stimuli import OutputSeen
from controller.rules.turn import Turn


def output_seen(turn: Turn, seen: OutputSeen) -> None:
    """An output tells what it does: only this is shown as done."""
    if seen.output in turn.site.outputs and turn.state.output(seen.output).on is not seen.on:
        turn.record(ev.OutputObserved(seen.output, seen.on, turn.state.output(seen.output).silent))


def switch_on(turn: Turn, output: OutputId, seconds: float | None, wanted_by: str, *, silent: bool = False) -> None:
    """Somebody wants an output on, for ``seconds`` or until they say otherwise."""
    if output in turn.site.outputs:
        turn.record(ev.OutputOrdered(output, on=True, seconds=seconds, wanted_by=wanted_by, silent=silent))
        put(turn, output)


def switch_off(turn: Turn, output: OutputId, wanted_by: str, *, silent: bool = False) -> None:
    """Somebody no longer wants an output on. Others may: then it stays on for them."""
    wanted = turn.state.output(output).wanted
    if output not in turn.site.outputs or wanted_by not in wanted:
        return
    turn.record(ev.OutputOrdered(output, on=False, seconds=None, wanted_by=wanted_by, silent=silent))
    put(turn, output)


def put(turn: Turn, output: OutputId) -> None:
    """Ask for what the output should do now."""
    turn.ask(wanted_now(output, turn.state.output(output), turn.now.mono))


def put_all(turn: Turn, device: DeviceId | None = None) -> None:
    """Ask anew of every output, or of those on a device that has just come back: who knows what it does."""
    for output in turn.site.outputs.values():
        if device is None or output.output.device == device:
            put(turn, output.id)


def wanted_now(output: OutputId, state: OutputState, mono: float) -> SetOutput:
    """Return what an output is to do at ``mono``: whoever wants it on longest has it."""
    wanted = [until for until in state.wanted.values() if until is None or until > mono]
    if not wanted:
        return SetOutput(output, on=False)
    standing = any(until is None for until in wanted)
    seconds = None if standing else max(u for u in wanted if u is not None) - mono
    return SetOutput(output, on=True, seconds=seconds)
