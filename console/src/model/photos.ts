// Photos of a face, as they are sent: JPEG, no larger than the box takes.

/** Pixels of the longer edge: a head in it is large enough for every engine, and twelve of them fit into one request. */
export const LONGEST = 960;
const QUALITY = 0.88;
export const MOST_PHOTOS = 12;

/** Return the size at which a picture is sent. */
export function sized(width: number, height: number): { width: number; height: number } {
  const share = Math.min(1, LONGEST / Math.max(width, height));
  return { width: Math.round(width * share), height: Math.round(height * share) };
}

/** Return a picture as base64 of a JPEG file; null where it is none. */
export async function toJpeg(source: Blob | HTMLVideoElement): Promise<string | null> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(source);
  } catch {
    return null;
  }
  const canvas = document.createElement("canvas");
  Object.assign(canvas, sized(bitmap.width, bitmap.height));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const jpeg = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return jpeg === null ? null : base64(new Uint8Array(await jpeg.arrayBuffer()));
}

/** Return the picture of such a text, to be shown. */
export function shown(jpeg: string): Blob {
  return new Blob([Uint8Array.from(atob(jpeg), (letter) => letter.charCodeAt(0))], { type: "image/jpeg" });
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
