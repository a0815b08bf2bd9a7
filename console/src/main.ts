import "@fontsource-variable/inter/wght.css";
import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { DIRECTION, LANGUAGE, t } from "./i18n/text.ts";
import { applyTheme, savedTheme } from "./state/preferences.ts";

document.documentElement.lang = LANGUAGE;
document.documentElement.dir = DIRECTION;
document.title = t("app.name");
applyTheme(savedTheme());

const target = document.getElementById("app");
if (!target) throw new Error("the page has no #app");
mount(App, { target });
