// Undoes what scanners, keyboard layouts and clipboards do to a pass, like codes/passes/scanned.py and checking.py on the server.
import { Refusal } from "./refusal.js";

export const PREFIXES = ["HCP1:", "HPP1:"];
const MAX_CHARACTERS = 2000;
const MAX_LEFT_OUT = 3;
const MAX_SPACES = 20;

const INVISIBLE = /[\t\n\r\v\f\u200b-\u200d\u2060\ufeff]/g;
const FULL_WIDTH = /[\uff01-\uff5e]/g;
const CHINESE = { "。": ".", "、": "/", "\uffe5": "$", "\u00a5": "$", "\u3000": " ", "\u00a0": " " };
const pairs = (from, to) => [...from].map((sign, place) => [sign, to[place]]);
const joined = pairs("ÀÈÌÒÙàèìòù", "AEIOUAEIOU").map(([sign, vowel]) => [sign, `+${vowel}`]);
const GERMAN = new Map([...pairs("yzYZ(ßẞ-Öö`", "zyZY*--/::+"), ...joined]);
const FRENCH = new Map(pairs("aqzwAQZW?,&é\"'(-è_çà458):!Mm", "qawzQAWZMM1234567890$%*-./::"));

const clean = (text) =>
  text
    .replace(FULL_WIDTH, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/[。、\uffe5\u00a5\u3000\u00a0]/g, (sign) => CHINESE[sign])
    .replace(INVISIBLE, "")
    .trim();
const capitals = (text) => text.replace(/[a-z]/g, (sign) => sign.toUpperCase());
const plainOf = (text) => capitals(clean(text));
const otherLayouts = (text) =>
  [GERMAN, FRENCH].map((keyboard) => capitals([...clean(text)].map((sign) => keyboard.get(sign) ?? sign).join("")));
const hasPrefix = (text) => PREFIXES.some((prefix) => text.startsWith(prefix));

function* combinations(places, count, from = 0) {
  if (count === 0) {
    yield [];
    return;
  }
  for (let at = from; at <= places.length - count; at += 1) {
    for (const rest of combinations(places, count - 1, at + 1)) yield [places[at], ...rest];
  }
}

// Yields possible readings, the likeliest first, and none for a text that cannot be a pass.
function* readings(text) {
  if (text.length > MAX_CHARACTERS) return;
  const plain = plainOf(text);
  for (const typed of hasPrefix(plain) ? [plain] : otherLayouts(text)) {
    if (!hasPrefix(typed)) continue;
    yield typed;
    const spaces = [...typed].flatMap((sign, place) => (sign === " " ? [place] : []));
    for (let count = 1; spaces.length <= MAX_SPACES && count <= MAX_LEFT_OUT; count += 1) {
      for (const out of combinations(spaces, count)) yield [...typed].filter((_, place) => !out.includes(place)).join("");
    }
  }
}

const hintOf = (text) => {
  const start = text.slice(0, MAX_CHARACTERS);
  if (hasPrefix(plainOf(start))) return "incomplete";
  return /^H[CP]P.[^A-Z0-9]/.test(plainOf(start)) || otherLayouts(start).some(hasPrefix) ? "keyboard" : "";
};

const [NO_TOKEN, UNPROVEN, SIGNED] = [0, 1, 2];
const weightOf = (outcome) => {
  if (!(outcome instanceof Refusal) || outcome.detail) return SIGNED;
  return { not_a_pass: NO_TOKEN, bad_signature: UNPROVEN }[outcome.result] ?? SIGNED;
};
const outcomeOf = async (reading, verify) => {
  try {
    return await verify(reading);
  } catch (fault) {
    if (fault instanceof Refusal) return fault;
    throw fault;
  }
};

// Returns the result of ``verify`` for the only plausible reading. A reading that is not a token, or whose signature is wrong,
// is a wrong guess if another reading is neither.
export const theOneReading = async (text, verify) => {
  const outcomes = [];
  for (const reading of readings(text)) {
    outcomes.push(await outcomeOf(reading, verify));
    if (outcomes.length === 1 && weightOf(outcomes[0]) === SIGNED) break;
  }
  const weight = Math.max(NO_TOKEN, ...outcomes.map(weightOf));
  const best = outcomes.filter((one) => weightOf(one) === weight);
  const different = new Set(best.map((one) => JSON.stringify(one instanceof Refusal ? [one.result, one.detail] : one)));
  if (weight === NO_TOKEN || different.size !== 1) throw new Refusal("not_a_pass", hintOf(text));
  if (best[0] instanceof Refusal) throw best[0];
  return best[0];
};
