// Requests to the box. Types come from openapi.json; every order carries the session's CSRF token.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "../api/schema";
import { isKey, t, type Key } from "../i18n/text.ts";
import type { LoggedEvent, Me, Site, Why } from "../model/types";

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

const atDoor = (door: string) => ({ params: { path: { door } } });
const atReader = (request: string) => ({ params: { path: { request } } });
const atAlarm = (alarm: string) => ({ params: { path: { alarm } } });

/** The orders a guard gives. "Ordered" is all they answer: what happens is seen in the view. */
export const order = {
  unlock: (door: string, whom: string) => answer(api.POST("/api/doors/{door}/unlock", { ...atDoor(door), body: { whom } })),
  lock: (door: string) => answer(api.POST("/api/doors/{door}/lock", atDoor(door))),
  block: (door: string, reason: string) => answer(api.POST("/api/doors/{door}/block", { ...atDoor(door), body: { reason } })),
  unblock: (door: string) => answer(api.POST("/api/doors/{door}/unblock", atDoor(door))),
  lockdown: (reason: string) => answer(api.POST("/api/lockdown", { body: { reason } })),
  endLockdown: () => answer(api.POST("/api/lockdown/end")),
  threatLevel: (level: number, reason: string) => answer(api.POST("/api/threat-level", { body: { level, reason } })),
  acknowledge: (alarm: string) => answer(api.POST("/api/alarms/{alarm}/acknowledge", atAlarm(alarm))),
  confirmPassage: (request: string) => answer(api.POST("/api/requests/{request}/confirm", atReader(request))),
  refusePassage: (request: string, reason: string) =>
    answer(api.POST("/api/requests/{request}/refuse", { ...atReader(request), body: { reason } })),
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
