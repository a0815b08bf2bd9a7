// Requests to the box. Types come from openapi.json; every order carries the session's CSRF token.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "../api/schema";
import { isKey, t, type Key } from "../i18n/text.ts";
import type { LoggedEvent, Me, Muster, OrderedMode, Site, Visits, Who, Why } from "../model/types";

let csrf = "";
const withToken: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && csrf) request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
};
const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin", cache: "no-store" });
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

export const muster = (): Promise<Answer<Muster>> => answer(api.GET("/api/muster"));
export const visits = (): Promise<Answer<Visits>> => answer(api.GET("/api/visits"));

/** Return who of the house has this in their name. */
export async function hosts(text: string): Promise<Answer<Who[]>> {
  const found = await answer(api.POST("/api/visits/hosts", { body: { text } }));
  return found.ok ? { ok: true, value: found.value.hosts } : found;
}

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
  resetCause: (cause: string) => answer(api.POST("/api/causes/{cause}/reset", { params: { path: { cause } } })),
  register: (name: string, host: string, from: string, until: string, levels: string[]) =>
    answer(api.POST("/api/visits", { body: { name, host, escort: null, valid_from: from, valid_until: until, levels } })),
  approveVisit: (visitor: string) => answer(api.POST("/api/visits/{visitor}/approve", ofVisitor(visitor))),
  signVisitorIn: (visitor: string, credential: string) =>
    answer(api.POST("/api/visits/{visitor}/sign-in", { ...ofVisitor(visitor), body: { credential } })),
  signVisitorOut: (visitor: string, returned: boolean) =>
    answer(api.POST("/api/visits/{visitor}/sign-out", { ...ofVisitor(visitor), body: { badge_returned: returned } })),
  close: (alarm: string, reason: string) => answer(api.POST("/api/alarms/{alarm}/close", { ...atAlarm(alarm), body: { reason } })),
};

/** Return in words why an order was not accepted. */
export function refusalText(refused: { status: number; code: string; detail: string }): string {
  if (refused.status === 0) return t("refusal.no_answer");
  const key = `refusal.${refused.code}`;
  return isKey(key) ? t(key as Key) : t("refusal.other", { detail: refused.detail || refused.code });
}

async function answer<T>(request: Promise<Reply<T>>): Promise<Answer<T>> {
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
