"use strict";

const AT_LEAF = ["push", "leave", "close", "prop", "force_open", "press_rex"];
const AT_TURNSTILE = [["rotate", { direction: "in" }], ["rotate", { direction: "out" }], "press_rex"];
const AT_BARRIER = ["drive_onto_loop", "drive_off_loop", "press_rex"];
const AT_ANY = ["turn_key", "turn_key_back", "cut_power", "restore_power", "battery_low", "battery_changed", "jam", "unjam"];
const LOOPS = ["trip", "restore", "cut_loop", "short_loop"];
const KEPT = 30;

const $ = (id) => document.getElementById(id);
const words = (verb) => verb.replaceAll("_", " ");
let building, now, chosen;

function make(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

async function order(verb, said) {
  const answer = await fetch("/api/hand", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ verb, ...said }),
  });
  const told = await answer.json();
  const line = make("li", "", { "data-ok": answer.ok ? "yes" : "no" });
  line.append(make("code", answer.ok ? sentence(told) : told.error));
  $("log").prepend(line);
  while ($("log").children.length > KEPT) $("log").lastElementChild.remove();
}

function sentence({ verb, ...rest }) {
  const parts = Object.entries(rest).map(([name, value]) =>
    `${name} ${typeof value === "number" ? Math.round(value * 10) / 10 : value}`);
  return [words(verb), ...parts].join(" · ");
}

function stateOf(door) {
  if (door.jammed || !door.powered) return "trouble";
  if (door.open || door.moving) return "open";
  return door.locked ? "locked" : "free";
}

function drawDoors() {
  for (const tile of $("doors").querySelectorAll("button")) {
    const door = now.doors[tile.dataset.door];
    const state = stateOf(door);
    const also = ["propped", "key", "rex", "occupied", "battery_low"].filter((flag) => door[flag]);
    const lights = tile.dataset.readers.split(" ").map((id) => now.readers[id])
      .filter((reader) => reader && reader.light !== "black" && reader.light !== "idle").map((reader) => reader.light);
    tile.dataset.state = state;
    tile.lastElementChild.textContent =
      [state === "trouble" ? (door.jammed ? "jammed" : "no power") : state, ...also.map(words), ...lights].join(", ");
  }
}

function drawChosen() {
  if (!chosen) return;
  const list = $("truth");
  list.replaceChildren();
  for (const [name, value] of Object.entries(now.doors[chosen.id])) {
    list.append(make("dt", words(name)), make("dd", value === true ? "yes" : value === false ? "no" : String(value)));
  }
  $("readers").textContent = chosen.readers.map((id) => {
    const reader = now.readers[id];
    return `${id}: ${reader ? `${reader.linked ? "linked" : "no link"}, light ${reader.light}` : "not there"}`;
  }).join(" · ");
}

function draw() {
  drawDoors();
  drawChosen();
  for (const row of $("points").tBodies[0].rows) row.cells[1].textContent = words(now.points[row.dataset.point]);
  $("lines").textContent = Object.entries(now.lines)
    .map(([id, line]) => `${id}: ${line.faulty ? "bad" : "well"}, ${line.collisions} collisions`).join(" · ");
}

function choose(door) {
  chosen = door;
  for (const tile of $("doors").querySelectorAll("button")) tile.setAttribute("aria-pressed", tile.dataset.door === door.id);
  $("chosen").textContent = door.name;
  const readers = $("at-reader").elements.reader;
  readers.replaceChildren(...door.readers.map((id) => make("option", id, { value: id })));
  $("at-reader").hidden = !door.readers.length;
  const special = { turnstile: AT_TURNSTILE, barrier: AT_BARRIER, wedge: AT_BARRIER }[door.kind] ?? AT_LEAF;
  $("at-door").replaceChildren(...[...special, ...AT_ANY].map((each) => {
    const [verb, said] = Array.isArray(each) ? each : [each, {}];
    const button = make("button", [words(verb), ...Object.values(said)].join(" "), { type: "button" });
    button.addEventListener("click", () => order(verb, { door: door.id, ...said }));
    return button;
  }));
  $("at-door").hidden = $("truth").hidden = false;
  if (now) drawChosen();
}

function fields(form, names) {
  const all = [...form.elements].filter((element) => names.includes(element.name));
  return Object.fromEntries(all.map((each) => [each.name, each.type === "checkbox" ? String(each.checked) : each.value]));
}

const SAID = {
  present_card: ["reader", "person"],
  type_pin: ["reader", "digits"],
  line_faults: ["line", "seed", "loss", "bit_flip", "duplicate", "late", "replay", "babble", "fragments", "echo"],
  cut_line: ["line"],
  mend_line: ["line"],
};

function listen(form) {
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of form.querySelectorAll("button")) {
    const { verb, active } = button.dataset;
    button.addEventListener("click", () => order(verb, { ...fields(form, SAID[verb] ?? ["reader"]), ...(active && { active }) }));
  }
}

function furnish() {
  $("site").textContent = `${building.site}: ${building.doors.length} doors`;
  $("doors").replaceChildren(...building.doors.map((door) => {
    const item = document.createElement("li");
    const tile = make("button", "", { type: "button", "data-door": door.id, "data-readers": door.readers.join(" "), "aria-pressed": "false" });
    tile.append(make("b", door.name), make("span", ""));
    tile.addEventListener("click", () => choose(door));
    item.append(tile);
    return item;
  }));
  $("at-reader").elements.person.replaceChildren(...building.people.map((one) => make("option", one.name, { value: one.id })));
  $("at-line").elements.line.replaceChildren(...building.lines.map((line) => make("option", line.id, { value: line.id })));
  $("points").tBodies[0].replaceChildren(...building.points.map((point) => {
    const row = make("tr", "", { "data-point": point.id });
    row.append(make("td", point.name), make("td", ""));
    const acts = document.createElement("td");
    for (const verb of LOOPS) {
      const button = make("button", words(verb), { type: "button" });
      button.addEventListener("click", () => order(verb, { point: point.id }));
      acts.append(button);
    }
    row.append(acts);
    return row;
  }));
  listen($("at-reader"));
  listen($("at-line"));
}

async function begin() {
  building = await (await fetch("/api/building")).json();
  furnish();
  const live = new EventSource("/api/stream");
  live.addEventListener("open", () => { $("live").textContent = "live"; $("live").dataset.on = "yes"; });
  live.addEventListener("error", () => { $("live").textContent = "the building is gone"; $("live").dataset.on = "no"; });
  live.addEventListener("message", (event) => { now = JSON.parse(event.data); draw(); });
}

begin();
