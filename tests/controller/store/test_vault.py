"""Who the pseudonyms are, as long as their keys are there."""

from __future__ import annotations

from datetime import UTC, datetime

from controller.domain import events as ev
from controller.domain.events import Recorded
from controller.domain.ids import CardholderId, DoorId, OperatorId, RequestId
from controller.domain.instant import Instant
from controller.runtime.ports import Identity
from controller.store.keystore import Keystore
from controller.store.vault import Vault


def recorded(event: ev.Event) -> Recorded:
    return Recorded(1, Instant(datetime(2026, 11, 21, tzinfo=UTC), 1.0), "boot-1", "site", event)


def test_somebody_let_through_once_is_known_from_the_log_alone(tmp_path):
    keystore = Keystore(tmp_path)
    whom, identity = Vault(keystore).seal_guest("Courier Jane Doe")
    assert "Jane" not in identity
    told = recorded(ev.DoorUnlockOrdered(RequestId("r1"), DoorId("gate"), OperatorId("gil"), whom, 5.0, identity))
    again = Vault(keystore)
    again.learn(told)
    assert again.identity(whom) == Identity("Courier Jane Doe")
    keystore.close()


def test_two_guests_are_two_pseudonyms(tmp_path):
    keystore = Keystore(tmp_path)
    vault = Vault(keystore)
    assert vault.seal_guest("Jane Doe")[0] != vault.seal_guest("Jane Doe")[0]
    keystore.close()


def test_an_order_of_before_names_were_sealed_names_nobody(tmp_path):
    keystore = Keystore(tmp_path)
    vault = Vault(keystore)
    vault.learn(recorded(ev.DoorUnlockOrdered(RequestId("r1"), DoorId("gate"), OperatorId("gil"), "a courier", 5.0)))
    assert vault.identity(CardholderId("a courier")) is None
    keystore.close()


def test_a_card_that_is_adopted_goes_by_its_handle_also_after_a_restart_and_goes_with_its_holder(tmp_path):
    keystore = Keystore(tmp_path)
    shown = keystore.card_token("H10301", "77:4242")
    Vault(keystore).adopt_card(shown, "handle-1", CardholderId("p-1"))
    assert keystore.card_token("H10301", "77:4242") == "handle-1"
    Vault(keystore).adopt_card("handle-1", "handle-2", CardholderId("p-2"))  # somebody else's from now on
    keystore.close()
    keystore = Keystore(tmp_path)
    assert keystore.card_token("H10301", "77:4242") == "handle-2"
    keystore.forget([CardholderId("p-2")])
    assert keystore.card_token("H10301", "77:4242") == shown
    keystore.close()
