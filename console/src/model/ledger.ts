// Checks, in this browser and by its own cryptography, that an entry stands in the log the box has signed.
// The tree is RFC 6962's; the note is C2SP's signed note with an Ed25519 signature.

/** What the box says of an entry. Bytes are base64. */
export interface Proof {
  readonly entry: string;
  readonly index: number;
  readonly size: number;
  readonly path: readonly string[];
  readonly note: string;
  readonly public: string;
}

/** What was found: each step by itself, so that the page can show where it fails. */
export interface Checked {
  readonly leaf: string;
  readonly root: string;
  readonly included: boolean;
  readonly signed: boolean;
}

/** A checkpoint's own lines. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  /** Who signed, as the note says. */
  readonly signers: readonly string[];
}

const LEAF = 0x00;
const NODE = 0x01;
const KEY_ID_BYTES = 4;

/** Follow the proof from the entry's bytes to the root, and check who signed that root. */
export async function check(proof: Proof): Promise<Checked> {
  const leaf = await hash(Uint8Array.of(LEAF), bytes(proof.entry));
  const root = await rootOf(leaf, proof.index, proof.size, proof.path.map(bytes));
  const said = parseNote(proof.note);
  const found = root ? text(root) : "";
  const included = root !== null && said !== null && said.size === proof.size && said.root === found;
  return { leaf: text(leaf), root: found, included, signed: await signedBy(proof.note, bytes(proof.public)) };
}

/** Return the root that a path leads to from a leaf (RFC 9162, 2.1.3.2); null for a path that is no proof. */
export async function rootOf(leaf: Uint8Array, index: number, size: number, path: readonly Uint8Array[]): Promise<Uint8Array | null> {
  if (index < 0 || index >= size) return null;
  let node = index;
  let last = size - 1;
  let found = leaf;
  for (const step of path) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      found = await hash(Uint8Array.of(NODE), step, found);
      while (node !== 0 && node % 2 === 0) [node, last] = [half(node), half(last)];
    } else found = await hash(Uint8Array.of(NODE), found, step);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? found : null;
}

/** Return what a checkpoint says; null for no checkpoint. */
export function parseNote(note: string): Checkpoint | null {
  const gap = note.lastIndexOf("\n\n");
  const [origin, size, root] = note.slice(0, gap).split("\n");
  if (gap < 0 || !origin || !root || !/^(0|[1-9]\d{0,15})$/.test(size ?? "")) return null;
  const signers = note.slice(gap + 2).split("\n").flatMap((line) => /^— (\S+) \S+$/.exec(line)?.[1] ?? []);
  return { origin, size: Number(size), root, signers };
}

async function signedBy(note: string, key: Uint8Array): Promise<boolean> {
  const gap = note.lastIndexOf("\n\n");
  const said = parseNote(note);
  const line = note.slice(gap + 2).split("\n").map((one) => /^— (\S+) (\S+)$/.exec(one)).find((one) => one?.[1] === said?.origin);
  if (!line?.[2]) return false;
  const verifier = await crypto.subtle.importKey("raw", buffer(key), "Ed25519", false, ["verify"]);
  const signature = bytes(line[2]).slice(KEY_ID_BYTES);
  return crypto.subtle.verify("Ed25519", verifier, buffer(signature), buffer(new TextEncoder().encode(note.slice(0, gap + 1))));
}

async function hash(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function text(raw: Uint8Array): string {
  return btoa(String.fromCharCode(...raw));
}

function buffer(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(raw);
}
