"""Which programs the box may tell of events by itself: the ``[integrations]`` table of a site file."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509

from controller.domain.integrations import Integrations, origin
from controller.domain.site import Site
from controller.site import kinds
from controller.site.errors import quoted
from controller.site.positions import Path
from controller.site.reading import Reading, Table
from controller.site.wiring import Finding

TABLE = "integrations"
_EXAMPLE = '"https://192.0.2.20:8443"'


def integrations(table: Table) -> Integrations:
    """``[integrations]``: where webhooks may go, which of those may hear of people, whose certificates they have."""
    return Integrations(
        targets=table.want("webhooks", kinds.several(_origin), frozenset()),
        personal_data=table.want("personal_data", kinds.several(_origin), frozenset()),
        ca=table.want("ca", _certificate, ""),
    )


def only_targets_hear_of_people(site: Site) -> Iterator[Finding]:
    """Whoever may hear of people is a target, and hears it encrypted."""
    known = site.integrations
    for target in sorted(known.personal_data):
        if target not in known.targets:
            yield Finding((TABLE, "personal_data"), f"{quoted(target)} is no target", "name it in `webhooks` as well")
        if not target.startswith("https:"):
            problem = f"{quoted(target)} would hear of people in clear"
            yield Finding((TABLE, "personal_data"), problem, "give it a certificate, and write https")


def _origin(reading: Reading, path: Path, value: object) -> str | None:
    """Scheme, host and port of a target, in one form."""
    word = kinds.text(reading, path, value)
    if word is None:
        return None
    found = origin(word)
    if found is None or word.rstrip("/").count("/") != 2 or "?" in word or "#" in word:  # the two of ``://``
        problem = f"{quoted(word)} is no scheme, host and port"
        reading.refuse(path, problem, f"write them alone, without a path: {_EXAMPLE}")
        return None
    return found


def _certificate(reading: Reading, path: Path, value: object) -> str | None:
    """An authority's certificate in PEM."""
    try:
        x509.load_pem_x509_certificates(str(value).encode())
    except ValueError:
        mend = 'put the whole of its file between triple quotes: ca = """-----BEGIN CERTIFICATE----- …"""'
        reading.refuse(path, "that is no certificate in PEM", mend)
        return None
    return str(value)
