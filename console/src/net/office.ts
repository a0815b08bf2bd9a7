// Requests of the office's screens: reports, the log's proofs, policies, devices.
import type { components } from "../api/schema";
import { answer, api, type Answer } from "./client.ts";

type Schemas = components["schemas"];

export type Report = Schemas["ReportOut"];
export type ReportAsked = Schemas["ReportIn"];
export type Study = Schemas["StudyOut"];
export type StudyKind = Schemas["PolicyStudyKind"];
export type Policies = Schemas["PoliciesOut"];
export type Devices = Schemas["DevicesOut"];
export type Device = Devices["devices"][number];
export type Replaced = Schemas["ReplacedOut"];
export type Hygiene = Schemas["WireHygieneOut"][];
export type Checkpoint = Schemas["CheckpointOut"];

const AGAIN = 500;

/** Make a report; the signal gives it up. */
export const report = (body: ReportAsked, signal: AbortSignal): Promise<Answer<Report>> => answer(api.POST("/api/reports", { body, signal })) as Promise<Answer<Report>>;

/** Make a report as a file, and have the browser keep it. */
export async function reportFile(body: ReportAsked, signal: AbortSignal): Promise<Answer<null>> {
  const made = await answer(api.POST("/api/reports", { body, signal, parseAs: "blob" }));
  if (!made.ok) return made;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(made.value as unknown as Blob);
  link.download = `${body.report}.${body.format}`;
  link.click();
  URL.revokeObjectURL(link.href);
  return { ok: true, value: null };
}

export const devices = (): Promise<Answer<Devices>> => answer(api.GET("/api/devices"));
/** Let the box give another reader in this one's place a key: two minutes at most until it answers. */
export const replaceReader = (device: string, reason: string): Promise<Answer<Replaced>> =>
  answer(api.POST("/api/devices/{device}/replace", { params: { path: { device } }, body: { reason } }));
export const hygiene = (): Promise<Answer<Hygiene>> => answer(api.GET("/api/devices/hygiene"));

export const audit = {
  checkpoint: () => answer(api.GET("/api/audit/checkpoint")),
  root: (size: number) => answer(api.GET("/api/audit/roots/{size}", { params: { path: { size } } })),
  proof: (seq: number) => answer(api.GET("/api/audit/entries/{seq}/proof", { params: { path: { seq } } })),
};

export const policy = {
  list: () => answer(api.GET("/api/policy")),
  text: (digest: string) => answer(api.GET("/api/policy/{digest}", { params: { path: { digest } } })),
  activate: (body: Schemas["ActivateIn"]) => answer(api.POST("/api/policy/activate", { body })),
};

/** Study a policy; `told` hears how far it is. Given up by the signal, it ends on the box as well. */
export async function study(kind: StudyKind, toml: string, told: (share: number) => void, signal: AbortSignal): Promise<Answer<Study>> {
  let now = await answer(api.POST("/api/policy/studies", { body: { kind, toml } }));
  while (now.ok && !now.value.over) {
    const path = { study: now.value.id };
    if (signal.aborted) {
      await answer(api.DELETE("/api/studies/{study}", { params: { path } }));
      return { ok: false, status: 0, code: "given_up", detail: "" };
    }
    told(now.value.share);
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
    now = await answer(api.GET("/api/studies/{study}", { params: { path } }));
  }
  return now;
}
