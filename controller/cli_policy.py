"""The command line's part for the life of a policy: ``ostiary why``, ``decide``, ``replay``, ``site diff``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import sqlalchemy as sa
import typer
from rich.progress import Progress

from controller import trial
from controller import words_en as words
from controller.cli_names import As, Case, For, NameOf, PasswordFile, names_for
from controller.domain.decision import Trace
from controller.domain.events import Recorded
from controller.domain.ids import CardholderId
from controller.domain.site import Site
from controller.languages import Language, Words, words_in
from controller.policies import SHORT_DIGEST, Policies, UnknownPolicy
from controller.replay import Asked, BrokenHistory, Difference, answer_of, difference, requests
from controller.rules.decide import decide as decided
from controller.site.diff import compare, people_affected
from controller.site.errors import SiteErrors
from controller.site.loader import load_site
from controller.site.people import load_people
from controller.store.boxkey import SealBroken
from controller.store.codec import UnreadableEvent
from controller.store.history import History
from controller.store.place import WrongPlace, log_place
from controller.terminal import err, out
from controller.whatif import Change, Changed, changes
from controller.why import Explanation, NoDecision, explain, place, plain_trace, sentence_of, trace_lines

OK, DIFFERS, UNUSABLE = 0, 1, 2

LAST_SEQ = 2**63 - 1

REFUSALS = (
    BrokenHistory,
    NoDecision,
    OSError,
    SealBroken,
    SiteErrors,
    UnknownPolicy,
    UnreadableEvent,
    WrongPlace,
    trial.WrongField,
)
"""What these commands may fail with for reasons their user can mend."""

Data = Annotated[Path, typer.Option("--data", envvar="OSTIARY_DATA", help="The box's data folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")]
In = Annotated[Language, typer.Option("--language", help="The language of the sentences.")]
DEFAULT_DATA = Path("data")

HEADINGS = {
    Change.REFUSED: "Would have been refused",
    Change.ALLOWED: "Would have been let in, and were not",
    Change.ASKED: "Would have been asked for more",
}


def why(
    seq: Annotated[int, typer.Argument(help="The event's number.", min=1, max=LAST_SEQ)],
    data: Data = DEFAULT_DATA,
    *,
    purpose: For = None,
    case: Case = "",
    operator: As = None,
    password_file: PasswordFile = None,
    language: In = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Say why something was decided: one sentence, the checks with their facts, the policy of that time.

    Exit code 2: there is no such event, or nothing was decided in it.
    """
    with refusing():
        name_of, hint = names_for(data, purpose, case, operator, password_file)
        history = History(log_place(data))
        explanation = explain(history, Policies(history), seq, name_of, language)
    if as_json:
        out.print_json(data=explanation.plain())
        return
    _say(explanation, words_in(language))
    if hint:
        err.print(hint, markup=False)


def decide(
    site: Annotated[Path, typer.Option("--site", help="The site file.")],
    people: Annotated[Path, typer.Option("--people", help="The people and their badges, as for people import.")],
    request: Annotated[str, typer.Option("--request", help='{"reader": ID, "person": ID}, or @FILE.')],
    at: Annotated[str, typer.Option("--at", help="When: RFC 3339, for instance 2026-11-23T10:00:00+01:00.")],
    state: Annotated[str | None, typer.Option("--state", help="What is not as usual: a JSON file, or -.")] = None,
    *,
    language: In = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Decide one request from files, no box running: result, reasons, trace. See docs/policy.md for both files.

    Exit code 0 whatever is decided; 2: a file or a field is not right, and the sentence names it.
    """
    with refusing():
        policy = load_site(site)
        known = load_people(people, policy)
        moment = trial.moment(at)
        given = trial.parse(_given(state), "state") if state else trial.Field("state", {})
        building = trial.building(policy, known, given, moment)
        asked, who = trial.request(known, trial.parse(_request_text(request), "request"))
        decision = decided(policy, building, asked, moment)
        answer = answer_of(decision)
    if as_json:
        out.print_json(data={**answer.plain(), "trace": plain_trace(decision.trace)})
        return
    words = words_in(language)
    name = who.name if who else words.nobody_known()
    out.print(sentence_of(answer, name, place(policy, asked.reader), words), markup=False)
    _trace(decision.trace, words)


def replay(
    data: Data = DEFAULT_DATA,
    site: Annotated[Path | None, typer.Option("--site", help="Another policy: what if it had been in force?")] = None,
    *,
    purpose: For = None,
    case: Case = "",
    operator: As = None,
    password_file: PasswordFile = None,
) -> None:
    """Decide every recorded request again, under the policy and in the state of its time.

    Exit code 0: all the same, 1: the first difference is named, 2: the log cannot be read. With --site: whose entries
    would have gone otherwise under that policy; exit code 0.
    """
    with refusing():
        history = History(log_place(data))
        if site is None:
            _replay(history)
        else:
            policy = load_site(site)
            _what_if(history, policy, *names_for(data, purpose, case, operator, password_file))


def site_diff(
    old: Annotated[Path, typer.Argument(help="The policy as it is.")],
    new: Annotated[Path, typer.Argument(help="The policy as it would be.")],
    people: Annotated[Path | None, typer.Option("--people", help="Count whom it concerns, too.")] = None,
) -> None:
    """Say what another policy means: one sentence for each thing that changes, whatever its lines look like."""
    with refusing():
        before, after = load_site(old), load_site(new)
        known = load_people(people, after) if people else []
    sentences = compare(before, after) + people_affected(before, after, known)
    for sentence in sentences or ["the same policy"]:
        out.print(sentence, markup=False)


def _say(explanation: Explanation, words: Words) -> None:
    out.print(explanation.sentence, markup=False)
    _trace(explanation.trace, words)
    out.print()
    since = explanation.since
    began = f"in force since {_moment(since, explanation)} (event {since.seq})" if since else "not in the log"
    out.print(f"event   {explanation.record.seq}, {words.event(explanation.record.kind)}, {explanation.at.isoformat()}")
    out.print(f"policy  {explanation.policy[:SHORT_DIGEST]}, {began}")
    if explanation.person:
        named = f", {explanation.name}" if explanation.name else ""
        out.print(f"person  {explanation.person}{named}", markup=False)


def _trace(trace: Trace, words: Words) -> None:
    out.print()
    for line in trace_lines(trace, words):
        out.print(line, markup=False)


def _given(file: str) -> str:
    """Return the text of a file, or of the standard input for ``-``."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise trial.WrongField(f"{file} is not UTF-8: save the file as UTF-8") from error


def _request_text(given: str) -> str:
    return _given(given[1:]) if given.startswith("@") else given


def _moment(record: Recorded, explanation: Explanation) -> str:
    return record.at.wall.astimezone(explanation.at.tzinfo).isoformat(timespec="seconds")


def _replay(history: History) -> None:
    policies, decided = Policies(history), 0
    for asked in _requests(history, "deciding again"):
        found = difference(asked, policies.site)
        if found is not None:
            _differs(found)
        decided += 1
    out.print(f"{decided} decisions, all the same")


def _differs(found: Difference) -> NoReturn:
    record = found.asked.record
    out.print(f"first difference: seq {record.seq}: recorded {found.asked.answer}, now {found.now}", markup=False)
    raise typer.Exit(DIFFERS)


def _what_if(history: History, site: Site, name_of: NameOf, hint: str | None) -> None:
    answered, found = 0, Counter[Changed]()
    for changed in changes(_requests(history, "deciding again"), site):
        answered += 1
        if changed is not None:
            found[changed] += 1
    for change, heading in HEADINGS.items():
        rows = sorted((row, times) for row, times in found.items() if row.change is change)
        if rows:
            out.print(f"{heading}:")
        for row, times in rows:
            out.print(f"  {_entry(row, times, site, name_of)}", markup=False)
    counts = Counter({change: sum(n for row, n in found.items() if row.change is change) for change in Change})
    out.print(
        f"{answered} requests decided again: {counts[Change.REFUSED]} entries refused, "
        f"{counts[Change.ALLOWED]} newly allowed, {counts[Change.ASKED]} asked for more"
    )
    if hint and found:
        err.print(hint, markup=False)


def _entry(row: Changed, times: int, site: Site, name_of: Callable[[CardholderId], str | None]) -> str:
    who = name_of(row.person) or row.person
    door = site.doors[row.door].name if row.door in site.doors else row.door
    why = words.reasons(row.reasons) or (f"after {words.factors(row.factors)}" if row.factors else "")
    parts = [who, str(door), f"{row.hour:%a %Y-%m-%d %H}:00", "once" if times == 1 else f"{times} times"]
    return " · ".join([*parts, why] if why else parts)


def _requests(history: History, what: str) -> Iterator[Asked]:
    return requests(_shown(history.records(), history.count(), what))


def _shown(records: Iterable[Recorded], total: int, what: str) -> Iterator[Recorded]:
    """Show on a terminal how far it is: a year's log takes minutes."""
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        yield from progress.track(records, total=total, description=what)


@contextmanager
def refusing() -> Iterator[None]:
    """Say in a sentence what the user can mend; anything else is a fault of ours and keeps its traceback."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        _unusable(f"the log cannot be read: {getattr(error, 'orig', None) or error}", error)
    except REFUSALS as error:
        _unusable(str(error), error)


def _unusable(sentence: str, error: Exception) -> NoReturn:
    err.print(sentence.rstrip(), markup=False)
    raise typer.Exit(UNUSABLE) from error
