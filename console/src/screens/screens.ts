// The screens there are: what the rail shows, and to whom. A further one is a line here and a component in Watch.svelte.
import Bell from "@lucide/svelte/icons/bell";
import Cctv from "@lucide/svelte/icons/cctv";
import DoorClosed from "@lucide/svelte/icons/door-closed";
import BookUser from "@lucide/svelte/icons/book-user";
import Eye from "@lucide/svelte/icons/eye";
import IdCard from "@lucide/svelte/icons/id-card";
import Cpu from "@lucide/svelte/icons/cpu";
import FileChartColumn from "@lucide/svelte/icons/file-chart-column";
import ScrollText from "@lucide/svelte/icons/scroll-text";
import Settings from "@lucide/svelte/icons/settings";
import ShieldCheck from "@lucide/svelte/icons/shield-check";
import UserCog from "@lucide/svelte/icons/user-cog";
import Users from "@lucide/svelte/icons/users";
import type { Me } from "../model/types";
import type { Screen } from "../state/watch.svelte.ts";

interface Entry {
  readonly screen: Screen;
  readonly icon: typeof Eye;
  /** Whose rail shows it; nobody named: everybody's. */
  readonly roles?: readonly Me["role"][];
}

const SCREENS: readonly Entry[] = [
  { screen: "watch", icon: Eye },
  { screen: "alarms", icon: Bell },
  { screen: "doors", icon: DoorClosed },
  { screen: "cameras", icon: Cctv, roles: ["guard", "supervisor", "security_officer", "technician"] },
  { screen: "people", icon: BookUser, roles: ["guard", "supervisor", "security_officer", "auditor", "data_protection_officer"] },
  { screen: "muster", icon: Users },
  { screen: "visitors", icon: IdCard, roles: ["guard", "supervisor", "security_officer"] },
  { screen: "operators", icon: UserCog, roles: ["supervisor", "security_officer", "auditor"] },
  { screen: "reports", icon: FileChartColumn, roles: ["supervisor", "security_officer", "auditor", "data_protection_officer"] },
  { screen: "audit", icon: ShieldCheck, roles: ["supervisor", "security_officer", "auditor", "data_protection_officer"] },
  { screen: "devices", icon: Cpu, roles: ["supervisor", "security_officer", "auditor", "technician"] },
  { screen: "policy", icon: ScrollText, roles: ["supervisor", "security_officer", "auditor"] },
  { screen: "settings", icon: Settings },
];

/** Return the screens of a role, in the rail's order. */
export function screensOf(role: Me["role"]): readonly Entry[] {
  return SCREENS.filter((one) => !one.roles || one.roles.includes(role));
}
