"""The panel's side of the conversation with one peripheral: sequence, retries, secure channel, hold, commands.

A link never reads a clock and never touches the line: the control panel asks it what to send when its turn comes and
hands it the frames that carry its address.
"""

import math
from collections import deque
from collections.abc import Callable

from devices.osdp import commands as cmd
from devices.osdp import events as ev
from devices.osdp import exchange as ex
from devices.osdp import replies as rep
from devices.osdp import secure_channel as sc
from devices.osdp.bring_up import EXPECTED_IN_CLEAR, BringUp, Progress, Secured, Up, status_requests
from devices.osdp.command_queue import CommandQueue, Rank, Ticket
from devices.osdp.errors import BadMac, MessageError, SecurityError
from devices.osdp.events import OfflineCause, PanelEvent, ViolationKind
from devices.osdp.frame import Frame, SecurityBlock
from devices.osdp.peripheral import Peripheral, check_command
from devices.osdp.reports import Known, report
from devices.osdp.suspicion import Standing

OFFLINE_AFTER = 8.0
"""Seconds without a genuine answer after which both ends count the other as gone (clause 5.7)."""


class Link:
    """The conversation with one peripheral; `emit` takes the events, `random_bytes(n)` must be unpredictable."""

    def __init__(
        self,
        peripheral: Peripheral,
        *,
        now: float,
        emit: Callable[[PanelEvent], None],
        random_bytes: Callable[[int], bytes],
        pace: ex.Pace,
    ) -> None:
        self.address = peripheral.address
        self.online = False
        self.misses = 0
        self.round_trip = 0.0
        self._secure = peripheral.secure
        self._key = peripheral.key
        self._emit = emit
        self._random_bytes = random_bytes
        self._pace = pace
        self._commands = CommandQueue(self._drop)
        self._exchange: ex.Exchange | None = None
        self._sequence = 0
        self._session: sc.Session | None = None
        self._bring_up: BringUp | None = BringUp(self._key, random_bytes)
        self._status_requests: deque[cmd.Command] = deque()
        self._known = Known()
        self._begin_at = -math.inf
        self._poll_at = -math.inf
        self._hold_until: float | None = None
        self._delivered: ex.Delivered | None = None
        self._doubt: ex.Delivered | None = None
        self._quiet_at = self._last_heard = now
        self._told_offline = False
        self._cause = OfflineCause.NO_ANSWER
        self._standing = Standing()
        self._late_doubles = ex.LateDoubles()
        self._proven_at = -math.inf

    # What the owner asks

    def check(self, command: cmd.Command) -> None:
        """Raise LocalError for KEYSET in the clear or with a bad key, and for what only the panel itself may send."""
        check_command(command, secure=self._secure)

    def submit(self, ticket: Ticket) -> None:
        """Queue a command that has been checked."""
        self._commands.put(ticket)

    def confirm(self) -> None:
        """The delivered event is recorded: poll again, as whoever had something to tell may have more."""
        self._hold_until, self._poll_at = None, min(self._poll_at, self._last_heard)

    # What the panel asks

    @property
    def awaits_answer(self) -> bool:
        """Whether this link's frame is on the line and unanswered."""
        return self._exchange is not None and self._exchange.on_line

    def wants(self) -> tuple[Rank, float, int]:
        """What it wants to send next: its rank, when it is due, and as the how manyth it was asked for.

        Polls wait their turn, and so does what got no answer.
        """
        if self._exchange is not None:
            ticket = self._exchange.ticket if self.misses == 0 else None
        elif self._ready:
            ticket = self._commands.head()
        else:
            rank = Rank.OTHER if self._in_handshake or self.online else Rank.POLL
            return rank, self.due(), 0
        return (ticket.rank, self.due(), ticket.number) if ticket else (Rank.POLL, self.due(), 0)

    @property
    def _in_handshake(self) -> bool:
        return self._bring_up is not None and self._bring_up.in_handshake

    @property
    def _ready(self) -> bool:
        return self._bring_up is None and not self._status_requests

    def due(self) -> float:
        """When this link next wants the line."""
        if self._exchange is not None:
            return math.inf if self._exchange.on_line else self._exchange.retry_at
        if not self._ready:
            return self._begin_at
        if self._commands:
            return -math.inf
        return math.inf if self._hold_until is not None else self._poll_at

    def next_timer(self) -> float:
        """When `expire` next has something to do."""
        exchange = self._exchange
        in_flight = exchange.ticket.deadline if exchange and exchange.ticket and not exchange.on_line else math.inf
        hold = math.inf if self._hold_until is None else self._hold_until
        silence = math.inf if self._told_offline else self._last_heard + OFFLINE_AFTER
        return min(self._commands.next_deadline(), in_flight, hold, silence)

    def transmit(self, now: float) -> bytes:
        """The bytes to send now: the frame that is still unanswered, or the next one."""
        if self._exchange is None:
            self._exchange = self._compose(now)
        self._exchange.attempts += 1
        self._exchange.on_line = True
        self._poll_at = self._pace.after(now)
        return self._exchange.wire

    def missed(self, now: float, *, damaged: bool) -> None:
        """No usable answer came; `damaged` if there was something on the line, so that somebody does answer."""
        exchange = self._exchange
        if exchange is None:
            return
        exchange.on_line = False
        self.misses += 1
        quick = damaged and self.misses <= ex.QUICK_RETRIES
        exchange.retry_at = now + (ex.DAMAGED_PAUSE if quick else self._pause())
        if self.misses > ex.QUICK_RETRIES:
            rested = min(self._pace.rested_at, now + ex.LONGEST_SILENCE)
            exchange.retry_at = max(exchange.retry_at, rested)
        handshake = self._in_handshake
        patience = OFFLINE_AFTER if damaged else ex.HANDSHAKE_WITHIN
        if handshake and now - exchange.first_sent >= patience:
            self._restart(now, OfflineCause.SESSION_LOST)

    def took(self, sent: float, now: float, sharers: int) -> None:
        """Its exchange has kept the line since `sent`; so many peripherals share the line."""
        self._pace.took(sent, now - sent, sharers)
        self._poll_at = max(self._poll_at, self._pace.rested_at)

    def expire(self, now: float) -> None:
        """Do what has become due by time alone."""
        self._expire_commands(now)
        if self._hold_until is not None and now >= self._hold_until:
            self._hold_until = None
            self._emit(ev.ConfirmOverdue(self.address))
        if now - self._last_heard < OFFLINE_AFTER or self._told_offline:
            return
        if self.online:
            self._restart(now, OfflineCause.NO_ANSWER)
        else:
            self._tell_offline()

    def lost(self, now: float) -> None:
        """The line itself is gone."""
        self._restart(now, OfflineCause.LINE_LOST)

    def receive(self, frame: Frame, now: float) -> None:
        """Take a reply frame of this address."""
        has_mac = frame.security is not None and frame.security.has_mac
        if self._session is not None and not has_mac:
            self._clear_in_session(frame, now)
        elif not self._answers(frame):
            return
        elif self._session is not None:
            self._receive_sealed(frame, self._session, now)
        elif not has_mac:
            self._receive_clear(frame, now)
        elif self._in_handshake:
            # It believes in a channel whose last step was lost on the way to us.
            self._restart(now, OfflineCause.SESSION_LOST)

    # Sending

    def _compose(self, now: float) -> ex.Exchange:
        ticket = self._commands.take() if self._ready else None
        command, block = (ticket.command, None) if ticket else self._own_command()
        frame = Frame(self.address, self._sequence, command.code, command.payload(), security=block)
        if self._session is not None:
            frame, self._session = sc.seal(self._session, frame)
        return ex.Exchange(frame.encode(), self._sequence, ticket, first_sent=now, retry_at=now)

    def _own_command(self) -> tuple[cmd.Command, SecurityBlock | None]:
        if self._bring_up:
            return self._bring_up.command()
        return (self._status_requests[0] if self._status_requests else cmd.Poll()), None

    def _pause(self) -> float:
        if self.online:
            return ex.retry_pause(self.misses)
        return ex.HANDSHAKE_PAUSE if self._in_handshake else ex.PROBE_PAUSE

    # Receiving

    def _answers(self, frame: Frame) -> bool:
        """Whether the frame can be the answer that is awaited; anything else is a late double."""
        if self._exchange is None:
            return False
        return frame.sequence == self._exchange.sequence or frame.code == rep.Busy.code

    def _receive_sealed(self, frame: Frame, session: sc.Session, now: float) -> None:
        try:
            plain, session = sc.unseal(session, frame)
        except BadMac:
            return None if self._late_doubles.take(frame, now) else self._violation(ViolationKind.BAD_MAC, now)
        except SecurityError:
            return self._violation(ViolationKind.PLAINTEXT_REPLY, now)
        unencrypted = frame.security is not None and frame.security.kind == sc.SCS_16
        if unencrypted and plain.payload and frame.code != rep.Nak.code:
            return self._violation(ViolationKind.PLAINTEXT_REPLY, now)
        self._session = session
        if self._exchange is not None and self._exchange.attempts > 1:
            self._late_doubles.expect(frame, self._exchange.attempts, now)
        return self._take(plain, now)

    def _clear_in_session(self, frame: Frame, now: float) -> None:
        """A plain frame while the channel is up: a peripheral that lost its session, a late double, or an attack."""
        if frame.code == rep.Busy.code:
            self._busy(now)
        elif frame.code == rep.Nak.code:
            self._clear_nak(frame, now)
        elif frame.code not in EXPECTED_IN_CLEAR:
            self._violation(ViolationKind.PLAINTEXT_REPLY, now)

    def _clear_nak(self, frame: Frame, now: float) -> None:
        if not self._answers(frame):
            return
        if frame.payload[:1] and frame.payload[0] in ex.RETRY_NAKS:
            self.missed(now, damaged=True)
        else:
            self._restart(now, OfflineCause.SESSION_LOST)

    def _receive_clear(self, frame: Frame, now: float) -> None:
        if frame.code == rep.Busy.code:
            self._busy(now)
        elif self._secure and frame.code not in EXPECTED_IN_CLEAR:
            self._violation(ViolationKind.PLAINTEXT_REPLY, now)
        else:
            self._take(frame, now)

    def _busy(self, now: float) -> None:
        if self._exchange is not None and self._exchange.on_line:
            self._exchange.on_line = False
            self._exchange.retry_at = now + ex.BUSY_PAUSE

    def _take(self, frame: Frame, now: float) -> None:
        """An authentic answer (or one in the clear, where that is allowed): the exchange is over."""
        exchange, self._exchange = self._exchange, None
        self._sequence = self._sequence % 3 + 1
        self.misses = 0
        if exchange is not None and exchange.attempts == 1:
            self.round_trip = max(self.round_trip * ex.FADE, now - exchange.first_sent)
        ticket = exchange.ticket if exchange else None
        try:
            reply = rep.parse_reply(frame.code, frame.payload)
        except MessageError:
            self._not_understood(frame.code, ticket, now)
        else:
            self._dispatch(reply, frame.security, ticket, now)

    def _dispatch(self, reply: rep.Reply, block: SecurityBlock | None, ticket: Ticket | None, now: float) -> None:
        if self._bring_up is not None:
            self._advance(self._bring_up, reply, block, now)
            return
        self._last_heard = now
        if self._status_requests:
            self._status_requests.popleft()
            self._tell(reply, now)
        else:
            self._answered(reply, ticket, now)

    def _not_understood(self, code: int, ticket: Ticket | None, now: float) -> None:
        self._emit(ev.ReplyNotUnderstood(self.address, code))
        if self._bring_up is not None:
            self._restart(now, OfflineCause.SESSION_LOST)
            return
        self._last_heard = now
        if ticket:
            self._command_done(ticket)
        elif self._status_requests:
            self._status_requests.popleft()

    # Coming online

    def _advance(self, bring_up: BringUp, reply: rep.Reply, block: SecurityBlock | None, now: float) -> None:
        match bring_up.take(reply, block):
            case Progress.ON:
                pass
            case Progress.AGAIN:
                self._restart(now, OfflineCause.SESSION_LOST)
            case Secured(session=session):
                self._session = session
                self._proven_at = now + self._standing.probation(now)
            case Up() if self._secure and now < self._proven_at:
                self._begin_at = now + self._pace.brisk  # asked once more: a report waits, and is not lost
            case Up() as up:
                self._come_online(up, now)
            case ViolationKind() as kind:
                self._violation(kind, now)

    def _come_online(self, up: Up, now: float) -> None:
        self._bring_up = None
        self._last_heard = now
        self.online = True
        self._told_offline = False
        self._known = Known()
        self._status_requests.extend(status_requests(up.capabilities))
        self._pace.rested_at = now
        self._emit(ev.DeviceOnline(self.address, up.identity, up.capabilities, secure=self._secure))

    # Online

    def _answered(self, reply: rep.Reply, ticket: Ticket | None, now: float) -> None:
        self._delivered = None
        match reply:
            case rep.Busy():
                self._commands.put_back(ticket)
            case rep.Nak(reason=rep.NAK_SEQUENCE):
                self._commands.put_back(ticket)
                self._restart(now, OfflineCause.SESSION_LOST)
            case rep.Nak(reason=reason):
                if ticket:
                    self._emit(ev.CommandRefused(self.address, ticket.command, ticket.token, reason))
            case _ if ticket:
                self._command_done(ticket)
                self._tell(reply, now)
            case _:
                self._polled(reply, now)

    def _command_done(self, ticket: Ticket) -> None:
        if isinstance(ticket.command, cmd.KeySet):
            self._key = ticket.command.key
        self._emit(ev.CommandDelivered(self.address, ticket.command, ticket.token))

    def _polled(self, reply: rep.Reply, now: float) -> None:
        doubt, self._doubt = self._doubt, None
        if doubt and doubt.reply == reply and now < doubt.until:
            self._delivered = doubt
        elif self._tell(reply, now):
            self._hold_until = now + ex.CONFIRM_WITHIN
            self._delivered = ex.Delivered(reply, now + OFFLINE_AFTER)
        else:
            self._quiet_at = now

    def _tell(self, reply: rep.Reply, now: float) -> bool:
        events, self._known = report(self.address, reply, self._known, at=now, lag=now - self._quiet_at)
        for event in events:
            self._emit(event)
            self._pace.stir(now)
        return bool(events)

    # Falling back

    def _violation(self, kind: ViolationKind, now: float) -> None:
        self._emit(ev.SecurityViolation(self.address, kind))
        self._restart(now, OfflineCause.SECURITY_VIOLATION)
        self._begin_at = now + self._standing.violated(now)
        if self._standing.locked_out:
            self._emit(ev.SecurityViolation(self.address, ViolationKind.LOCKED_OUT))

    def _restart(self, now: float, cause: OfflineCause) -> None:
        """Drop the session and begin again with sequence 0, which resets the peripheral too."""
        exchange, self._exchange = self._exchange, None
        self._commands.put_back(exchange.ticket if exchange else None)
        self._session = None
        self._sequence = 0
        self._bring_up = BringUp(self._key, self._random_bytes)
        self._status_requests.clear()
        self._begin_at = now if self.online else max(now + ex.RESTART_PAUSE, self._pace.rested_at)
        self._cause = cause
        self._doubt, self._delivered = self._delivered or self._doubt, None
        if self.online:
            self._standing.fell(now)
            self._tell_offline()

    def _tell_offline(self) -> None:
        self.online = False
        self._told_offline = True
        self._emit(ev.DeviceOffline(self.address, self._cause))

    def _expire_commands(self, now: float) -> None:
        exchange = self._exchange
        if exchange and exchange.ticket and not exchange.on_line and now >= exchange.ticket.deadline:
            # It may or may not have arrived, and sending it again would be too late: only a new session is certain.
            self._restart(now, OfflineCause.NO_ANSWER)
        self._commands.expire(now)

    def _drop(self, ticket: Ticket) -> None:
        self._emit(ev.CommandDropped(self.address, ticket.command, ticket.token))
