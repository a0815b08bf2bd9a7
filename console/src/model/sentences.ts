// What a record says, as a sentence a guard reads at a glance.
import { isKey, t, word, type Key } from "../i18n/text.ts";
import type { LoggedEvent } from "./types";

export type Tone = "plain" | "refused" | "alarm" | "order";

type Sayable = Pick<LoggedEvent, "kind" | "reasons" | "detail"> & Partial<Pick<LoggedEvent, "who">>;

const BOOKKEEPING: readonly LoggedEvent["kind"][] = [
  "message_taken", "held_open_timed", "passage_lapsed", "lock_modes_timed", "area_schedule_turned", "snapshot_taken",
  "camera_turn_ordered", "camera_stop_ordered", // several a second while somebody holds a button
];

/** Tell whether a record is bookkeeping: it stands in the log, but says nothing to a guard. */
export function isBookkeeping(event: Pick<LoggedEvent, "kind">): boolean {
  return BOOKKEEPING.includes(event.kind);
}

/** Return the sentence of a record. */
export function sentence(event: Sayable): string {
  return special(event) ?? t(`event.${event.kind}`);
}

/** Return how a record stands out in the list; most do not. */
export function tone(event: Sayable): Tone {
  switch (event.kind) {
    case "alarm_raised":
    case "wire_violated":
    case "alarm_escalated":
    case "fire_alarm":
      return "alarm";
    case "access_denied":
    case "order_refused":
    case "operator_sign_in_failed":
      return "refused";
    case "lockdown_started":
    case "lockdown_ended":
    case "door_unlock_ordered":
    case "door_blocked":
    case "threat_level_set":
    case "alarm_shelved":
    case "passback_forgiven":
    case "door_mode_ordered":
    case "door_mode_released":
    case "fire_reset_confirmed":
      return "order";
    default:
      return "plain";
  }
}

function special({ kind, reasons, detail, who }: Sayable): string | null {
  switch (kind) {
    case "access_denied":
      return reasons.length ? t("event.access_denied.why", { reasons: words("reason", reasons) }) : null;
    case "access_granted":
      return Array.isArray(detail.remarks) && detail.remarks.length
        ? t("event.access_granted.remarks", { remarks: words("reason", detail.remarks.map(String)) })
        : null;
    case "whereabouts_doubted":
      return reasons.length ? t("event.whereabouts_doubted.why", { why: words("doubt", reasons) }) : null;
    case "order_refused":
      return reasons.length ? t("event.order_refused.why", { why: words("refusal", reasons) }) : null;
    case "challenge_issued":
      return Array.isArray(detail.factors)
        ? t("event.challenge_issued.factors", { factors: words("factor", detail.factors.map(String)) })
        : null;
    case "passage_judged":
      return detail.confirmed ? t("event.passage_judged.confirmed") : t("event.passage_judged.refused", { reason: String(detail.reason) });
    case "face_judged":
      return variant("event.face_judged", detail.outcome);
    case "entry_observed":
      return detail.assumed === true ? t("event.entry_observed.assumed") : null;
    case "position_observed":
      return variant("event.position_observed", detail.position);
    case "lock_observed":
      return variant("event.lock_observed", detail.lock);
    case "tamper_observed":
      return detail.active === false ? t("event.tamper_observed.gone") : null;
    case "power_observed":
      return detail.failed === false ? t("event.power_observed.back") : null;
    case "battery_observed":
      return detail.low === false ? t("event.battery_observed.good") : null;
    case "key_override_observed":
      return detail.active === false ? t("event.key_override_observed.back") : null;
    case "loop_observed":
      return variant("event.loop_observed", detail.loop);
    case "rotation_observed":
      return variant("event.rotation_observed", detail.direction);
    case "door_unlock_ordered":
      return who?.name ? t("event.door_unlock_ordered.whom", { whom: who.name }) : null;
    case "door_mode_ordered":
      return t("event.door_mode_ordered.mode", { mode: word("mode", String(detail.mode)) });
    case "lock_mode_changed":
      return t("event.lock_mode_changed.mode", { mode: word("mode", String(detail.mode)) });
    case "threat_level_set":
      return t("event.threat_level_set.level", { level: String(detail.level) });
    case "alarm_raised":
      return t("event.alarm_raised.kind", { kind: word("alarm", String(detail.kind)) });
    case "alarm_step_done":
      return t("event.alarm_step_done.step", { n: Number(detail.step) + 1 });
    case "alarm_shelved":
      return detail.reason ? t("event.alarm_shelved.reason", { reason: String(detail.reason) }) : null;
    case "alarm_closed":
      return detail.reason ? t("event.alarm_closed.reason", { reason: String(detail.reason) }) : null;
    default:
      return null;
  }
}

function variant(base: Key, value: unknown): string | null {
  const key = `${base}.${String(value)}`;
  return isKey(key) ? t(key) : null;
}

function words(group: string, values: readonly string[]): string {
  return values.map((value) => word(group, value)).join(", ");
}
