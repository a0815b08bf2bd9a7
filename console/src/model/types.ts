// The API's values under short names. They come from openapi.json: a renamed field is a compile error here.
import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type Me = Schemas["MeOut"];
export type Site = Schemas["SiteOut"];
export type Point = Schemas["PointOut"];
export type Zone = Schemas["ZoneOut"];
export type DoorPlan = Schemas["DoorPlanOut"];
export type CameraPlan = Schemas["CameraPlanOut"];
export type View = Schemas["ViewOut"];
export type Door = Schemas["DoorOut"];
export type DoorStatus = Schemas["DoorStatus"];
export type Waiting = Schemas["WaitingOut"];
export type Alarm = Schemas["AlarmOut"];
export type Lockdown = Schemas["LockdownOut"];
export type LoggedEvent = Schemas["EventOut"];
export type Check = Schemas["CheckOut"];
export type Why = Schemas["EventWhyOut"];
export type OrderWord = Schemas["OrderWord"];
