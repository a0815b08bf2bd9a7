// Live pictures over one WebSocket: each frame is one byte n, n bytes of camera id, and a JPEG. Without a JPEG it says
// that nothing moves there: the picture before still shows how things are.

const FPS = 5;
const RETRY_AFTER = 1_500;
const decoder = new TextDecoder();

export type Draw = (frame: ImageBitmap) => void;

export interface LivePictures {
  /**
   * Ask for one more camera; `draw` gets every frame of it, decoded, and owns it. With `still`, one a minute will do
   * while nothing moves; `still` is then called every second. Returns a function that ends it.
   */
  show(camera: string, draw: Draw, still?: () => void): () => void;
  close(): void;
}

/** Open the socket and keep it open. */
export function openLive(): LivePictures {
  const shown = new Set<{ camera: string; draw: Draw; still?: (() => void) | undefined }>();
  let socket: WebSocket | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  function ask(): void {
    if (socket?.readyState !== WebSocket.OPEN) return;
    const live = new Set([...shown].filter((one) => !one.still).map((one) => one.camera));
    const cameras = [...new Set([...shown].map((one) => one.camera))];
    socket.send(JSON.stringify({ cameras, fps: FPS, resting: cameras.filter((camera) => !live.has(camera)) }));
  }

  function open(): void {
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/live`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", ask);
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) void decode(data);
    });
    socket.addEventListener("close", () => {
      if (!closed) retry = setTimeout(open, RETRY_AFTER);
    });
  }

  async function decode(data: ArrayBuffer): Promise<void> {
    const length = new Uint8Array(data)[0] ?? 0;
    const camera = decoder.decode(new Uint8Array(data, 1, length));
    if (data.byteLength === 1 + length) {
      for (const one of shown) if (one.camera === camera) one.still?.();
      return;
    }
    const jpeg = new Blob([new Uint8Array(data, 1 + length)], { type: "image/jpeg" });
    for (const one of [...shown].filter((each) => each.camera === camera)) {
      const frame = await createImageBitmap(jpeg).catch(() => null);  // a torn picture is skipped; the next one comes
      if (frame && shown.has(one)) one.draw(frame);
      else frame?.close();
    }
  }

  open();
  return {
    show(camera, draw, still) {
      const one = { camera, draw, still };
      shown.add(one);
      ask();
      return () => {
        shown.delete(one);
        ask();
      };
    },
    close() {
      closed = true;
      clearTimeout(retry);
      socket?.close();
    },
  };
}
