"""paho's MQTT 5 properties without their tables: paho builds the same four anew for every packet, in or out.

That, and looking for properties to clear in a packet that was just made, is a tenth of what a badge takes. The tables
are put on the class instead, once; what a packet says and how it is read stay paho's own.
"""

from typing import Any, Final

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

_TABLES: Final = ("types", "names", "properties")


def lighten() -> None:
    """Have every packet from now on share the tables of one. Once is enough; again changes nothing."""
    if all(hasattr(Properties, table) for table in _TABLES):
        return
    one = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it so
    clear: Any = Properties.clear

    def made(self: Any, packetType: int) -> None:  # noqa: N803 - paho's name
        object.__setattr__(self, "packetType", packetType)

    def cleared(self: Any) -> None:
        if len(vars(self)) > 1:  # more than what kind of packet it is
            clear(self)

    for table in _TABLES:
        setattr(Properties, table, getattr(one, table))
    Properties.__init__, Properties.clear = made, cleared  # type: ignore[method-assign]
