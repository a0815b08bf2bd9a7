// One camera's own stream, as it comes: fragmented MP4 over a WebSocket into a media source.

const BEHIND = 2;  // seconds: a picture older than this is skipped over
const KEPT = 20;  // seconds of past in the buffer

/** The codec that a stream's head names (RFC 6381), or null where it is none a browser would be asked for. */
export function codecOf(head: Uint8Array): string | null {
  const at = find(head, "avcC");
  if (at < 0) return find(head, "hvcC") < 0 ? null : "hvc1.1.6.L120.90";
  const hex = (n: number) => (head[at + 4 + n] ?? 0).toString(16).padStart(2, "0");
  return `avc1.${hex(1)}${hex(2)}${hex(3)}`;
}

function find(bytes: Uint8Array, name: string): number {
  const wanted = [...name].map((letter) => letter.charCodeAt(0));
  return bytes.findIndex((_, i) => wanted.every((code, n) => bytes[i + n] === code));
}

/** Play a camera's stream in a video; `ended` where there is none or it is over. Returns a function that ends it. */
export function playStream(video: HTMLVideoElement, camera: string, ended: () => void): () => void {
  const source = new MediaSource();
  const url = URL.createObjectURL(source);
  const waiting: ArrayBuffer[] = [];
  let buffer: SourceBuffer | null = null;
  let socket: WebSocket | null = null;
  let over = false;

  function stop(): void {
    if (over) return;
    over = true;
    socket?.close();
    video.removeAttribute("src");
    URL.revokeObjectURL(url);
  }

  function give(): void {
    if (over || buffer === null || buffer.updating || source.readyState !== "open") return;
    const end = buffer.buffered.length ? buffer.buffered.end(buffer.buffered.length - 1) : 0;
    if (end - video.currentTime > BEHIND) video.currentTime = end - 0.2;
    const next = waiting.shift();
    if (next) buffer.appendBuffer(next);
    else if (end > KEPT * 2 && buffer.buffered.start(0) < end - KEPT * 2) buffer.remove(0, end - KEPT);
  }

  function first(head: ArrayBuffer): boolean {
    const codec = codecOf(new Uint8Array(head));
    const type = `video/mp4; codecs="${codec}"`;
    if (codec === null || !MediaSource.isTypeSupported(type)) return false;
    buffer = source.addSourceBuffer(type);
    buffer.addEventListener("updateend", give);
    return true;
  }

  function fail(): void {
    if (over) return;
    stop();
    ended();
  }

  source.addEventListener("sourceopen", () => {
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/live/${encodeURIComponent(camera)}`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof ArrayBuffer)) return;
      if (buffer === null && !first(data)) return fail();
      waiting.push(data);
      give();
    });
    socket.addEventListener("close", fail);
  }, { once: true });
  video.addEventListener("error", fail);
  video.src = url;
  return stop;
}
