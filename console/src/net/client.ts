// Requests to the box. Types come from openapi.json; every order carries the session's CSRF token.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "../api/schema";
import { isKey, t, type Key } from "../i18n/text.ts";
import { told } from "../i18n/told.ts";
import type { Way } from "../model/turning.ts";
import type { Head, LoggedEvent, Me, Muster, OrderedMode, Purpose, Recording, Site, Visits, Who, Why } from "../model/types";

let csrf = "";
let askAgain: ((want: Want) => Promise<boolean>) | null = null;
const again = new WeakMap<Request, Request>();

/** What a refused order wants: a console to be unlocked, or a fresh second factor. */
export type Want = "unlock" | "step_up";

/** Name who asks the operator to say again who they are; it answers whether they did. */
export function whenAskedAgain(ask: ((want: Want) => Promise<boolean>) | null): void {
  askAgain = ask;
}
const withToken: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && csrf) request.headers.set("X-CSRF-Token", csrf);
    if (request.method !== "GET") again.set(request, request.clone());
    return request;
  },
  /** An order that wants the operator to say again who they are is asked for that, and then sent once more. */
  async onResponse({ request, response }) {
    const want = response.status === 423 ? "unlock" : response.status === 403 ? "step_up" : null;
    const repeated = again.get(request);
    if (!want || !repeated || !askAgain) return response;
    const problem = (await response.clone().json()) as { code?: string };
    if (problem.code !== "console_locked" && problem.code !== "step_up_needed") return response;
    if (!(await askAgain(want))) return response;
    repeated.headers.set("X-CSRF-Token", csrf);
    return fetch(repeated);
  },
};
export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin", cache: "no-store" });
api.use(withToken);

/** What came of a request: its value, a refusal with the server's code, or no answer at all. */
export type Answer<T> = { ok: true; value: T } | { ok: false; status: number; code: string; detail: string };

interface Reply<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return who is signed in. */
export async function me(): Promise<Answer<Me>> {
  return remember(await answer(api.GET("/api/me")));
}

/** Sign in; a one-time password counts only with a new one beside it. */
export async function signIn(operator: string, password: string, newPassword: string | null): Promise<Answer<Me>> {
  return remember(
    await answer(api.POST("/api/session", { body: { operator, password, new_password: newPassword } })),
  );
}

type Schemas = components["schemas"];
export type Proof = Schemas["AgainIn"];
type Reason = Schemas["ForIn"];

/** Complete a sign-in with a second factor. */
export async function showSecondFactor(proof: Schemas["ProofIn"]): Promise<Answer<Me>> {
  return remember(await answer(api.POST("/api/session/second-factor", { body: proof })));
}

export const stepUp = (proof: Proof) => answer(api.POST("/api/session/step-up", { body: proof }));
export const unlock = (proof: Proof) => answer(api.POST("/api/session/unlock", { body: proof }));
export const lockConsole = () => answer(api.POST("/api/session/lock"));
export const reportActive = () => answer(api.POST("/api/session/active"));

/** Ask one of the operator's passkeys to sign; null where it did not. */
export async function askPasskey(): Promise<Record<string, unknown> | null> {
  const asked = await answer(api.POST("/api/session/passkey-options"));
  if (!asked.ok) return null;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.value.options as unknown as PublicKeyCredentialRequestOptionsJSON);
  const signed = (await navigator.credentials.get({ publicKey }).catch(() => null)) as PublicKeyCredential | null;
  return signed && (signed.toJSON() as unknown as Record<string, unknown>);
}

/** Make a passkey and have the box keep it. */
export async function addPasskey(name: string): Promise<Answer<Schemas["RecoveryCodesOut"]>> {
  const asked = await answer(api.POST("/api/account/passkeys/options"));
  if (!asked.ok) return asked;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.value.options as unknown as PublicKeyCredentialCreationOptionsJSON);
  const made = (await navigator.credentials.create({ publicKey }).catch(() => null)) as PublicKeyCredential | null;
  if (!made) return { ok: false, status: 0, code: "passkey_failed", detail: t("proof.failed") };
  return answer(api.POST("/api/account/passkeys", { body: { name, passkey: made.toJSON() as unknown as Record<string, unknown> } }));
}

export const account = {
  read: () => answer(api.GET("/api/account")),
  beginTotp: () => answer(api.POST("/api/account/totp")),
  confirmTotp: (code: string) => answer(api.POST("/api/account/totp/confirm", { body: { code } })),
  dropTotp: () => answer(api.DELETE("/api/account/totp")),
  dropPasskey: (passkey: string) => answer(api.DELETE("/api/account/passkeys/{passkey}", { params: { path: { passkey } } })),
  recoveryCodes: () => answer(api.POST("/api/account/recovery-codes")),
  changePassword: (password: string, fresh: string) =>
    answer(api.POST("/api/account/password", { body: { password, new_password: fresh } })),
  chooseDuress: (password: string, duress: string) =>
    answer(api.POST("/api/session/duress-password", { body: { password, duress_password: duress } })),
  sessions: () => answer(api.GET("/api/sessions")),
  endSession: (ident: string) => answer(api.DELETE("/api/sessions/{ident}", { params: { path: { ident } } })),
};

export const operators = {
  list: () => answer(api.GET("/api/operators")),
  appoint: (body: Schemas["AppointIn"]) => answer(api.POST("/api/operators", { body })),
  withdraw: (operator: string, reason: string) =>
    answer(api.POST("/api/operators/{operator}/withdraw", { params: { path: { operator } }, body: { reason } })),
  reset: (operator: string, reason: string) =>
    answer(api.POST("/api/operators/{operator}/reset", { params: { path: { operator } }, body: { reason } })),
  agree: (body: Schemas["AgreeIn"]) => answer(api.POST("/api/pending/agree", { body })),
  handOver: (note: string) => answer(api.POST("/api/shift/hand-over", { body: { note } })),
  accept: () => answer(api.POST("/api/shift/accept")),
};

export async function signOut(): Promise<void> {
  await answer(api.DELETE("/api/session"));
  csrf = "";
}

// openapi-fetch loosens tuples to arrays on the way; the server keeps them.
export const site = () => answer(api.GET("/api/site")) as Promise<Answer<Site>>;

/** Return the newest records, or those before a sequence number. */
export async function events(before: number | null, limit: number): Promise<Answer<LoggedEvent[]>> {
  const page = await answer(api.GET("/api/events", { params: { query: { limit, ...(before === null ? {} : { before }) } } }));
  return page.ok ? { ok: true, value: page.value.events } : page;
}

export const why = (seq: number): Promise<Answer<Why>> => answer(api.GET("/api/events/{seq}", { params: { path: { seq } } }));

/** Return what was recorded of an event or an alarm. */
export async function recordings(seq: number): Promise<Answer<Recording[]>> {
  const found = await answer(api.GET("/api/events/{seq}/recordings", { params: { path: { seq } } }));
  return found.ok ? { ok: true, value: found.value.recordings } : found;
}

/** Return one recording, masked where a veil hangs; that it was looked at stands in the log. */
export const recording = (id: string, purpose: Purpose, reference: string): Promise<Answer<Blob>> =>
  answer(api.POST("/api/recordings/{recording}/read", {
    params: { path: { recording: id } }, body: { purpose, case: reference }, parseAs: "blob",
  })) as Promise<Answer<Blob>>;

/** Ask to see for a time what a camera's veil hides; another person agrees. */
export const liftVeil = (camera: string, seconds: number, reason: string) =>
  answer(api.POST("/api/cameras/{camera}/veil/lift", { params: { path: { camera } }, body: { seconds, reason } }));

const aboutPerson = (cardholder: string) => ({ params: { path: { cardholder } } });

/** People's records: whatever reads takes a purpose with it. */
export const people = {
  search: (why: Reason, text: string, after: string | null) => answer(api.POST("/api/people/search", { body: { ...why, text, after } })),
  read: (cardholder: string, why: Reason) => answer(api.POST("/api/people/{cardholder}/read", { ...aboutPerson(cardholder), body: why })),
  history: (cardholder: string, why: Reason) =>
    answer(api.POST("/api/people/{cardholder}/history", { ...aboutPerson(cardholder), body: why })),
  add: (body: Schemas["AddIn"]) => answer(api.POST("/api/people", { body })),
  change: (cardholder: string, body: Schemas["ChangeIn"]) =>
    answer(api.POST("/api/people/{cardholder}/change", { ...aboutPerson(cardholder), body })),
  erase: (cardholder: string, reason: string) => answer(api.POST("/api/people/{cardholder}/erase", { ...aboutPerson(cardholder), body: { reason } })),
  assign: (cardholder: string, level: string, reason: string) =>
    answer(api.POST("/api/people/{cardholder}/levels/{level}/assign", { params: { path: { cardholder, level } }, body: { reason } })),
  withdraw: (cardholder: string, level: string, reason: string) =>
    answer(api.POST("/api/people/{cardholder}/levels/{level}/withdraw", { params: { path: { cardholder, level } }, body: { reason } })),
  setStatus: (credential: string, status: Schemas["CredentialStatus"], reason: string) =>
    answer(api.POST("/api/credentials/{credential}/status", { params: { path: { credential } }, body: { status, reason } })),
  openEnrolment: (reader: string, cardholder: string, reason: string) =>
    answer(api.POST("/api/enrolments", { body: { reader, cardholder, reason } })),
  enrolments: () => answer(api.GET("/api/enrolments")),
  issue: (reader: string, body: Schemas["IssueIn"]) => answer(api.POST("/api/enrolments/{reader}/issue", { params: { path: { reader } }, body })),
};

const ofCamera = (camera: string) => ({ params: { path: { camera } } });
const ofPreset = (camera: string, preset: number) => ({ params: { path: { camera, preset } } });

/** A camera on a head. Each order ends by itself. */
export const head = {
  read: (camera: string): Promise<Answer<Head>> => answer(api.GET("/api/cameras/{camera}/head", ofCamera(camera))),
  turn: (camera: string, way: Way, seconds: number) => answer(api.POST("/api/cameras/{camera}/head/turn", { ...ofCamera(camera), body: { ...way, seconds } })),
  stop: (camera: string) => answer(api.POST("/api/cameras/{camera}/head/stop", ofCamera(camera))),
  go: (camera: string, preset: number) => answer(api.POST("/api/cameras/{camera}/head/presets/{preset}/go", ofPreset(camera, preset))),
  keep: (camera: string, preset: number) => answer(api.POST("/api/cameras/{camera}/head/presets/{preset}/keep", ofPreset(camera, preset))),
};

/** Everybody leaves, and is counted where they gather. */
export const evacuation = {
  start: (reason: string) => answer(api.POST("/api/evacuation", { body: { reason } })),
  end: (reason: string) => answer(api.POST("/api/evacuation/end", { body: { reason } })),
  checkIn: (cardholder: string, safe_point: string | null) =>
    answer(api.POST("/api/people/{cardholder}/check-in", { ...aboutPerson(cardholder), body: { safe_point } })),
  undo: (cardholder: string) => answer(api.POST("/api/people/{cardholder}/check-in/undo", aboutPerson(cardholder))),
};

export const muster = (): Promise<Answer<Muster>> => answer(api.GET("/api/muster"));

/** Return every visit, all pages of them: whoever stands at the desk is on one of them. */
export async function visits(): Promise<Answer<Visits>> {
  let page = await answer(api.GET("/api/visits"));
  let all: Visits["visits"] = [];
  while (page.ok && page.value.after !== null) {
    all = [...all, ...page.value.visits];
    page = await answer(api.GET("/api/visits", { params: { query: { after: page.value.after } } }));
  }
  return page.ok ? { ok: true, value: { ...page.value, visits: [...all, ...page.value.visits] } } : page;
}

/** Return who of the house has this in their name. */
export async function hosts(text: string, escort = false): Promise<Answer<Who[]>> {
  const found = await answer(api.POST("/api/visits/hosts", { body: { text, escort } }));
  return found.ok ? { ok: true, value: found.value.hosts } : found;
}

type Workplace = Schemas["Workplace"];

const atDoor = (door: string) => ({ params: { path: { door } } });
const atReader = (request: string) => ({ params: { path: { request } } });
const atArea = (area: string) => ({ params: { path: { area } } });
const atPoint = (point: string) => ({ params: { path: { point } } });
const ofVisitor = (visitor: string) => ({ params: { path: { visitor } } });
const atAlarm = (alarm: string) => ({ params: { path: { alarm } } });

/** The orders a guard gives. "Ordered" is all they answer: what happens is seen in the view. */
export const order = {
  unlock: (door: string, whom: string) => answer(api.POST("/api/doors/{door}/unlock", { ...atDoor(door), body: { whom } })),
  lock: (door: string) => answer(api.POST("/api/doors/{door}/lock", atDoor(door))),
  block: (door: string, reason: string) => answer(api.POST("/api/doors/{door}/block", { ...atDoor(door), body: { reason } })),
  lockdown: (reason: string) => answer(api.POST("/api/lockdown", { body: { reason } })),
  endLockdown: () => answer(api.POST("/api/lockdown/end")),
  threatLevel: (level: number, reason: string) => answer(api.POST("/api/threat-level", { body: { level, reason } })),
  acknowledge: (alarm: string) => answer(api.POST("/api/alarms/{alarm}/acknowledge", atAlarm(alarm))),
  confirmPassage: (request: string) => answer(api.POST("/api/requests/{request}/confirm", atReader(request))),
  refusePassage: (request: string, reason: string) =>
    answer(api.POST("/api/requests/{request}/refuse", { ...atReader(request), body: { reason } })),
  keep: (door: string, mode: OrderedMode, until: string, reason: string) =>
    answer(api.POST("/api/doors/{door}/mode", { ...atDoor(door), body: { mode, until, reason } })),
  release: (door: string, mode: OrderedMode) => answer(api.POST("/api/doors/{door}/mode/release", { ...atDoor(door), body: { mode } })),
  confirmFireReset: (fireZone: string, reason: string) =>
    answer(api.POST("/api/fires/{fire_zone}/confirm-reset", { params: { path: { fire_zone: fireZone } }, body: { reason } })),
  panic: () => answer(api.POST("/api/panic")),
  forgive: (cardholder: string, reason: string) =>
    answer(api.POST("/api/people/{cardholder}/forgive-passback", { params: { path: { cardholder } }, body: { reason } })),
  forgiveAll: (reason: string) => answer(api.POST("/api/forgive-passback", { body: { reason } })),
  arm: (area: string) => answer(api.POST("/api/areas/{area}/arm", atArea(area))),
  disarm: (area: string) => answer(api.POST("/api/areas/{area}/disarm", atArea(area))),
  walkTest: (area: string, until: string) => answer(api.POST("/api/areas/{area}/walk-test", { ...atArea(area), body: { until } })),
  bypass: (point: string, until: string, reason: string) =>
    answer(api.POST("/api/points/{point}/bypass", { ...atPoint(point), body: { until, reason } })),
  endBypass: (point: string) => answer(api.POST("/api/points/{point}/end-bypass", atPoint(point))),
  startMaintenance: (what: Workplace, place: string, until: string, reason: string) =>
    answer(api.POST("/api/maintenance/{what}/{place}", { params: { path: { what, place } }, body: { until, reason } })),
  endMaintenance: (what: Workplace, place: string) =>
    answer(api.POST("/api/maintenance/{what}/{place}/end", { params: { path: { what, place } } })),
  resetCause: (cause: string) => answer(api.POST("/api/causes/{cause}/reset", { params: { path: { cause } } })),
  register: (name: string, host: string, escort: string | null, from: string, until: string, levels: string[]) =>
    answer(api.POST("/api/visits", { body: { name, host, escort, valid_from: from, valid_until: until, levels } })),
  approveVisit: (visitor: string) => answer(api.POST("/api/visits/{visitor}/approve", ofVisitor(visitor))),
  signVisitorIn: (visitor: string, credential: string, escort: string | null) =>
    answer(api.POST("/api/visits/{visitor}/sign-in", { ...ofVisitor(visitor), body: { credential, escort } })),
  signVisitorOut: (visitor: string, returned: boolean) =>
    answer(api.POST("/api/visits/{visitor}/sign-out", { ...ofVisitor(visitor), body: { badge_returned: returned } })),
  tick: (alarm: string, step: number) => answer(api.POST("/api/alarms/{alarm}/steps", { ...atAlarm(alarm), body: { step } })),
  escalate: (alarm: string) => answer(api.POST("/api/alarms/{alarm}/escalate", atAlarm(alarm))),
  shelve: (alarm: string, until: string, reason: string) =>
    answer(api.POST("/api/alarms/{alarm}/shelve", { ...atAlarm(alarm), body: { until, reason } })),
  unshelve: (alarm: string) => answer(api.POST("/api/alarms/{alarm}/unshelve", atAlarm(alarm))),
  close: (alarm: string, reason: string) => answer(api.POST("/api/alarms/{alarm}/close", { ...atAlarm(alarm), body: { reason } })),
};

/** Return in words why an order was not accepted. */
export function refusalText(refused: { status: number; code: string; detail: string }): string {
  if (refused.status === 0) return t("refusal.no_answer");
  const key = `refusal.${refused.code}`;
  return isKey(key) ? t(key as Key) : t("refusal.other", { detail: told(refused.detail) || refused.code });
}

export async function answer<T>(request: Promise<Reply<T>>): Promise<Answer<T>> {
  try {
    const { data, error, response } = await request;
    if (response.ok) return { ok: true, value: data as T };
    const problem = (typeof error === "object" ? error : null) as { code?: string; detail?: string } | null;
    return { ok: false, status: response.status, code: problem?.code ?? "", detail: problem?.detail ?? response.statusText };
  } catch {
    return { ok: false, status: 0, code: "no_answer", detail: "" };
  }
}

function remember(answered: Answer<Me>): Answer<Me> {
  if (answered.ok) csrf = answered.value.csrf;
  return answered;
}
