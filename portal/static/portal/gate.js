// A gate's page with a script: it stays ready for the next person, and answers without a network from the keys it has kept.
import { verifyOffLine } from "./verifier.js";

const KEYS = "gate.keys";
// Longer than the portal itself waits for another city's answer.
const TRY_MS = 6000;
const form = document.querySelector("#scan");
const field = document.querySelector("#text");
const shown = document.querySelector("#result");
const line = document.querySelector("#line");
const words = JSON.parse(document.querySelector("#words").textContent);
const say = (place, text) => {
  shown.querySelector(`[data-${place}]`).textContent = text;
};

const keptKeys = () => JSON.parse(localStorage.getItem(KEYS) ?? "null");

const localTime = (instant) => new Date(instant).toLocaleString(document.documentElement.lang);

const showLine = (isOnLine) => {
  const list = keptKeys();
  const keys = list ? ` · ${words.times.keys.replace("%(time)s", localTime(list.published_at))}` : "";
  line.textContent = isOnLine ? line.dataset.onLine : line.dataset.offLine + keys;
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

const show = (told, time) => {
  const state = told.colour || "none";
  shown.dataset.result = told.result;
  shown.dataset.state = state;
  shown.querySelector("use").setAttribute("href", `#i-${told.colour || "attention"}`);
  say("word", told.colour ? words.colours[told.colour] : words.times.no_colour);
  // Of another city's pass, the city that answers for the colour.
  say("city", told.city ?? "");
  shown.querySelector("[data-city]").hidden = !told.city;
  say("sentence", told.sentence ?? words.sentences[told.detail || told.result]);
  say("next", told.next_step ?? words.next_steps[told.result]);
  say("time", time);
  say("number", `${words.times.result} ${words.numbers[told.result]}`);
  play(state);
};

const checkOnLine = async (body) => {
  const answer = await fetch(form.dataset.check, { method: "POST", body, signal: AbortSignal.timeout(TRY_MS) });
  if (answer.status === 401) {
    localStorage.removeItem(KEYS);
    location.reload();
  }
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
};

const checkOffLine = async (text) => {
  const list = keptKeys();
  if (!list) return show({ result: "unknown_key", detail: "", colour: "" }, words.times.off_line);
  const told = await verifyOffLine(text, list, { division: form.dataset.division });
  const asOf = words.times.as_of.replace("%(time)s", localTime(told.at * 1000));
  show(told, `${asOf} · ${words.times.keys.replace("%(time)s", localTime(list.published_at))}`);
};

let turn = Promise.resolve();
const check = (text) => {
  const body = new FormData(form);
  body.set("text", text);
  field.value = "";
  field.focus();
  turn = turn
    .then(async () => {
      let told;
      try {
        told = await checkOnLine(body);
      } catch {
        showLine(false);
        return checkOffLine(text);
      }
      showLine(true);
      return show(told, words.times.now);
    })
    .catch(() => show({ result: "unknown", detail: "", colour: "" }, ""));
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.value.trim()) check(field.value);
});

// A hand scanner types wherever the focus is: whatever is typed belongs to the field.
document.addEventListener("keydown", (event) => {
  if (document.activeElement === document.body && event.key.length === 1) field.focus();
});

const fetchKeys = async () => {
  try {
    const answer = await fetch(form.dataset.keys, { cache: "no-store" });
    if (answer.ok) localStorage.setItem(KEYS, await answer.text());
    showLine(answer.ok);
  } catch {
    showLine(false);
  }
};

const useCamera = async (button) => {
  const viewfinder = document.querySelector("#viewfinder");
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  viewfinder.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  viewfinder.hidden = false;
  button.hidden = true;
  await viewfinder.play();
  let last = "";
  setInterval(async () => {
    const [found] = await detector.detect(viewfinder);
    if (found && found.rawValue !== last) {
      last = found.rawValue;
      check(last);
    }
  }, 250);
};

const offerCamera = async () => {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  const formats = await BarcodeDetector.getSupportedFormats();
  if (!formats.includes("qr_code")) return;
  const button = document.querySelector("#camera");
  button.hidden = false;
  button.addEventListener("click", () => useCamera(button));
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

fetchKeys();
setInterval(fetchKeys, 15 * 60 * 1000);
offerCamera();
keepPage();
