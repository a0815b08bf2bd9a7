import "@fontsource-variable/inter/wght.css";
import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { t } from "./i18n/text.ts";
import { applyTheme, savedTheme } from "./state/preferences.ts";
import { speakSaved } from "./state/tongue.svelte.ts";

applyTheme(savedTheme());
await speakSaved();
document.title = t("app.name");

const target = document.getElementById("app");
if (!target) throw new Error("the page has no #app");
mount(App, { target });
