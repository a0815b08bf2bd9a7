// Live pictures over one WebSocket: each frame is one byte n, n bytes of camera id, and a JPEG.

const FPS = 5;
const RETRY_AFTER = 1_500;
const decoder = new TextDecoder();

export interface LivePictures {
  /** Ask for one camera only. */
  show(camera: string): void;
  close(): void;
}

/** Open the socket and keep it open; `picture` gets every frame, already decoded, and owns it. */
export function openLive(picture: (camera: string, frame: ImageBitmap) => void): LivePictures {
  let socket: WebSocket | null = null;
  let wanted: string | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  function ask(): void {
    if (wanted !== null && socket?.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ cameras: [wanted], fps: FPS }));
    }
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
    const frame = await createImageBitmap(new Blob([new Uint8Array(data, 1 + length)], { type: "image/jpeg" }))
      .catch(() => null);  // a torn picture is skipped; the next one comes
    if (frame && camera === wanted && !closed) picture(camera, frame);
    else frame?.close();
  }

  open();
  return {
    show(camera) {
      wanted = camera;
      ask();
    },
    close() {
      closed = true;
      clearTimeout(retry);
      socket?.close();
    },
  };
}
