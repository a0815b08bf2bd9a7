"""The head of one camera, by ONVIF's PTZ service (PTZ Service Specification 2.x)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from vision.onvif import OnvifError


class OnvifHead:
    """A camera's head. What the camera refuses is raised as what the library makes of it."""

    def __init__(self, ptz: Any, profile: str) -> None:
        self._ptz, self._profile = ptz, profile

    @classmethod
    async def of(cls, camera: Any) -> OnvifHead:
        """Find the head of a connected camera; OnvifError where it has none."""
        if not any("/ptz/" in namespace for namespace in camera.xaddrs):
            raise OnvifError("it has no head that ONVIF could turn")
        media = await camera.create_media_service()
        for profile in await media.GetProfiles():
            if profile.PTZConfiguration is not None:
                return cls(await camera.create_ptz_service(), str(profile.token))
        raise OnvifError("none of its profiles has a head: give one a PTZ configuration in its own pages")

    async def turn(self, pan: float, tilt: float, zoom: float, seconds: float) -> None:
        """Turn; the camera itself stops after `seconds`, where it keeps to the standard."""
        velocity: dict[str, Any] = {}
        if pan or tilt:
            velocity["PanTilt"] = {"x": pan, "y": tilt}
        if zoom:  # a head without one may refuse to hear of it
            velocity["Zoom"] = {"x": zoom}
        if not velocity:
            await self.stop()
            return
        asked = {"ProfileToken": self._profile, "Velocity": velocity, "Timeout": timedelta(seconds=seconds)}
        await self._ptz.ContinuousMove(asked)

    async def stop(self) -> None:
        """Stop all of it."""
        await self._ptz.Stop({"ProfileToken": self._profile, "PanTilt": True, "Zoom": True})

    async def go_to(self, number: int, name: str) -> None:
        """Go to a preset, known by its name or else by its number; OnvifError where there is none."""
        token = await self._token(number, name)
        if token is None:
            raise OnvifError(f"it knows no preset {name!r}: turn it there, and keep that")
        await self._ptz.GotoPreset({"ProfileToken": self._profile, "PresetToken": token})

    async def keep(self, number: int, name: str) -> None:
        """Keep where it looks as the preset of this name: a new one, or another place for one there is."""
        asked = {"ProfileToken": self._profile, "PresetName": name}
        token = await self._token(number, name)
        await self._ptz.SetPreset(asked if token is None else {**asked, "PresetToken": token})

    async def _token(self, number: int, name: str) -> str | None:
        known = await self._ptz.GetPresets({"ProfileToken": self._profile}) or ()
        named = {str(preset.Name).casefold(): str(preset.token) for preset in known if preset.token is not None}
        tokens = {str(preset.token) for preset in known}
        return named.get(name.casefold()) or (str(number) if str(number) in tokens else None)
