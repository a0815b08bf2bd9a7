// What people's records are read for: each role has its own purposes, and some take the number of a case.
import type { components } from "../api/schema";
import type { Role } from "./types";

export type Purpose = components["schemas"]["Purpose"];
export type Person = components["schemas"]["PersonOut"];
export type Badge = components["schemas"]["BadgeOut"];

/** Why somebody reads: goes with every request about people, and into the log. */
export interface Why {
  readonly purpose: Purpose;
  readonly case: string;
}

const ALL: readonly Purpose[] = ["administration", "emergency", "audit", "investigation", "subject_request", "legal_request"];
const PURPOSES: Readonly<Record<Role, readonly Purpose[]>> = {
  guard: ["emergency", "investigation"],
  supervisor: ["administration", "emergency", "investigation"],
  security_officer: ALL,
  auditor: ["audit"],
  data_protection_officer: ["audit", "subject_request", "legal_request"],
  technician: [],
};

export const purposesOf = (role: Role): readonly Purpose[] => PURPOSES[role];
export const wantsCase = (purpose: Purpose): boolean =>
  purpose === "investigation" || purpose === "subject_request" || purpose === "legal_request";

/** Return the moment of a date as the site's clock has it at midnight, `days` later; null for none. */
export function dayOf(moment: string | null): string {
  return moment === null ? "" : moment.slice(0, 10);
}
