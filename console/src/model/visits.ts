// How far a visit is.
import type { Visit } from "./types";

export type VisitState = "unapproved" | "expected" | "here" | "overdue" | "left";

/** Return the one word for a visit. Whoever is not signed in and holds a badge has left with it. */
export function visitState(visit: Pick<Visit, "approved" | "signed_in" | "overdue" | "credential">): VisitState {
  if (visit.overdue && visit.signed_in) return "overdue";
  if (visit.signed_in) return "here";
  if (visit.credential !== null) return "left";
  return visit.approved ? "expected" : "unapproved";
}
