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
export type Fire = Schemas["FireOut"];
export type ModeRequest = Schemas["ModeRequestOut"];
export type OrderedMode = Schemas["DoorModeIn"]["mode"];
export type Guarding = Schemas["GuardingOut"];
export type Area = Schemas["AreaOut"];
export type AreaMode = Schemas["AreaMode"];
export type GuardedPoint = Schemas["PointStateOut"];
export type Output = Schemas["OutputStateOut"];
export type Muster = Schemas["MusterOut"];
export type Mustered = Schemas["MusteredOut"];
export type Whereabouts = Schemas["Whereabouts"];
export type Visits = Schemas["VisitsOut"];
export type Visit = Schemas["VisitOut"];
export type Who = Schemas["WhoOut"];
export type Role = Schemas["Role"];
export type LoggedEvent = Schemas["EventOut"];
export type Check = Schemas["CheckOut"];
export type Why = Schemas["EventWhyOut"];
export type OrderWord = Schemas["OrderWord"];
export type Recording = Schemas["RecordingOut"];
export type Purpose = Schemas["ForIn"]["purpose"];
