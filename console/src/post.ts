// The guards' post: everything behind the sign-in. It is a part of its own, fetched once the first page is on the screen,
// and whole: a screen that is gone to while the box is away must be there.
export { default as PostScreen } from "./screens/Watch.svelte";
export { Watch } from "./state/watch.svelte.ts";
