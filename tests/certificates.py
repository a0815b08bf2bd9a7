"""Certificates for tests: an authority of their own, and bundles, each made in a millisecond."""

from datetime import timedelta

from controller.pki import profiles
from controller.pki.authority import Authority, utc_now
from controller.pki.bundle import equip
from controller.pki_admin import authority_of
from controller.store.secret_files import SecretFiles
from devices.mqtt.broker_files import write_bundle
from devices.mqtt.identity import Identity


def authority(folder, now=utc_now):
    """The authority of the box in a data folder, made where there is none yet."""
    made = Authority(SecretFiles(folder / "pki"), now)
    if not made.exists:
        made.init("embassy")
    return made


def bundles(signed_by, folder, *devices):
    """A folder with a bundle of each device."""
    equip(signed_by, devices, folder)
    return folder


def certified(core, folder, *devices):
    """A folder with a bundle of each device of a box that stands still."""
    signs = authority_of(core)
    if not signs.exists:
        signs.init("embassy")
    return bundles(signs, folder, *devices)


def outlived(folder, device, signed_by):
    """A bundle that ended a minute ago: everything else about it is right."""
    key = profiles.new_key()
    root = signed_by._opened()
    then = utc_now() - timedelta(days=2)
    made = profiles.client(root, device, key.public_key(), then, timedelta(days=2, minutes=-1))
    write_bundle(folder, Identity(profiles.pem(made), profiles.key_pem(key)), signed_by.ca())
    return folder
