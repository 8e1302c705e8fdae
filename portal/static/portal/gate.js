// The script of a gate's page. It is always ready for the next scan, and without a network it verifies passes with stored key lists.
import { offerCamera } from "./camera.js";
import { fetchLists, forgetLists, keptLists } from "./gate_lists.js";
import { forgetScans, keepScan, sendScans } from "./gate_scans.js";
import { canVerify } from "./key_list.js";
import { verifyOffLine } from "./verifier.js";

// Longer than the server waits for another city's answer.
const TRY_MS = 6000;
const LOOK_MS = 15 * 60 * 1000;
// The lifetime of a pass. After it, the result on the screen is no longer labelled as current.
const NOW_MS = 60 * 1000;
const form = document.querySelector("#scan");
const field = document.querySelector("#text");
const shown = document.querySelector("#result");
const line = document.querySelector("#line");
const flags = document.querySelector("#flagged");
const words = JSON.parse(document.querySelector("#words").textContent);
const { device, division, signedBy, keys, neighbours } = form.dataset;
const gate = { device, division, signedBy, keys, neighbours };
const say = (place, text) => {
  shown.querySelector(`[data-${place}]`).textContent = text;
};

// Times in the city's time zone, whatever the device is set to, formatted like the server's: 2026年11月24日 10:00, 24 November 2026 at 10:00.
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const written = { dateStyle: "long", timeStyle: "short", timeZone: form.dataset.zone };
const localTime = (instant) => new Date(instant).toLocaleString(language, written);
const asOf = (instant) => words.times.as_of.replace("%(time)s", localTime(instant));
const keysOf = (seconds) => words.times.keys.replace("%(time)s", localTime(seconds * 1000));

let refused = false;
const showLine = async (isOnLine) => {
  const own = (await keptLists(gate)).find((list) => list.division === division);
  const parts = [isOnLine ? words.times.on_line : words.times.off_line];
  if (own) {
    const isOver = Date.now() / 1000 > own.usableUntil;
    const until = isOver ? words.times.too_old : words.times.until;
    parts.push(keysOf(own.publishedAt), until.replace("%(time)s", localTime(own.usableUntil * 1000)));
    line.dataset.old = isOver ? "yes" : "";
  }
  if (refused) parts.push((await canVerify()) ? words.times.refused : words.times.cannot);
  line.textContent = parts.join(" · ");
};

let sound = null;
const TONES = { green: [880], yellow: [660, 660], red: [330, 330, 330], none: [220, 180] };
const play = (state) => {
  sound ??= new AudioContext();
  TONES[state].forEach((pitch, place) => {
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    const from = sound.currentTime + place * 0.22;
    tone.frequency.value = pitch;
    volume.gain.value = 0.25;
    tone.connect(volume).connect(sound.destination);
    tone.start(from);
    tone.stop(from + 0.16);
  });
};

let ageing = 0;
const show = (answer, time) => {
  const state = answer.colour || "none";
  shown.dataset.result = answer.result;
  shown.dataset.state = state;
  shown.querySelector("use").setAttribute("href", `#i-${answer.colour || "attention"}`);
  say("word", answer.colour ? words.colours[answer.colour] : words.times.no_colour);
  // For a pass of another city: the city that states the colour.
  say("city", answer.city ?? "");
  shown.querySelector("[data-city]").hidden = !answer.city;
  say("sentence", answer.sentence ?? words.sentences[answer.detail || answer.result]);
  say("next", answer.next_step ?? words.next_steps[answer.result]);
  say("time", time);
  clearTimeout(ageing);
  const at = Date.now();
  if (time === words.times.now) ageing = setTimeout(() => say("time", asOf(at)), NOW_MS);
  say("number", `${words.times.result} ${words.numbers[answer.result]}`);
  try {
    play(state);
  } catch {
    // Without sound the result is still shown. The next result tries again.
    sound = null;
  }
};

const revoked = () => {
  forgetLists();
  forgetScans();
  location.reload();
};

const checkOnLine = async (body) => {
  const answer = await fetch(form.dataset.check, { method: "POST", body, signal: AbortSignal.timeout(TRY_MS) });
  if (answer.status === 401) revoked();
  // Do not check off-line: the city's service is suspended, and the reloaded page says what to do.
  if (answer.headers.has("X-City-Suspended")) location.reload();
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
};

// Return the result for a genuine pass of another city, which depends on this city's recognition.
const ofOtherCity = (answer) => {
  const city = words.cities[answer.division];
  if (!city) return { result: "unknown_key", detail: "", colour: "" };
  const isPaper = answer.detail === "paper";
  const colour = city.tells_colour && !isPaper ? answer.colour : "";
  const kind = city.tells_colour && !colour ? "cannot_say" : "said";
  const fill = (text) => text.replace("{colour}", words.colours[colour] ?? "");
  return { result: kind === "said" ? "other_city" : "unknown", detail: "", colour, city: city.name, sentence: fill(city[kind].sentence), next_step: fill(city[kind].next_step) };
};

const checkOffLine = async (text) => {
  const lists = await keptLists(gate);
  const now = Date.now() / 1000;
  const answer = await verifyOffLine(text, lists, now);
  if (answer.token && answer.detail !== "paper") keepScan(answer.token, now);
  const listAt = answer.listAt ?? lists.find((list) => list.division === division)?.publishedAt;
  const isOther = answer.division && answer.division !== division;
  show(isOther ? ofOtherCity(answer) : answer, listAt ? `${asOf(answer.at * 1000)} · ${keysOf(listAt)}` : words.times.off_line);
};

const flag = (instants) => {
  for (const instant of instants) {
    const item = document.createElement("li");
    item.textContent = words.times.flagged.replace("%(time)s", localTime(instant));
    flags.querySelector("ul").append(item);
  }
  if (instants.length > 0) flags.hidden = false;
};

const sendWaiting = async () => {
  try {
    flag(await sendScans(form.dataset.scans, new FormData(form)));
  } catch {
    // The scans stay stored and are sent when there is a network again.
    await showLine(false);
  }
};

let turn = Promise.resolve();
const check = (text) => {
  const body = new FormData(form);
  body.set("text", text);
  field.value = "";
  field.focus();
  turn = turn
    .then(async () => {
      let answer;
      try {
        answer = await checkOnLine(body);
      } catch {
        await showLine(false);
        return checkOffLine(text);
      }
      await showLine(true);
      show(answer, words.times.now);
      return sendWaiting();
    })
    .catch(() => show({ result: "unknown", detail: "", colour: "" }, ""));
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.value.trim()) check(field.value);
});

// A hand scanner types into the focused element, so move the focus to the field. A space is excepted: it presses buttons and begins no pass.
document.addEventListener("keydown", (event) => {
  const isTyped = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (isTyped && !document.activeElement.matches("input")) field.focus();
});

const look = async () => {
  const said = await fetchLists(gate);
  if (said === "revoked") return revoked();
  refused = said === "refused";
  await showLine(said !== "off_line");
  if (said !== "off_line") turn = turn.then(sendWaiting);
  return undefined;
};

const keepPage = async () => {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register(form.dataset.worker);
  const ready = await navigator.serviceWorker.ready;
  const parts = performance.getEntriesByType("resource").map((one) => one.name);
  parts.push(document.querySelector("link[rel=icon]").href);
  const own = parts.filter((address) => new URL(address).origin === location.origin && address.includes("/static/"));
  navigator.serviceWorker.addEventListener("message", () => (document.documentElement.dataset.kept = "yes"));
  ready.active.postMessage({ keep: [location.pathname, ...own] });
};

look().then(keepPage);
setInterval(look, LOOK_MS);
addEventListener("online", look);
offerCamera(document.querySelector("#camera"), check, () => (line.textContent = words.times.no_camera));
