// Verifies a pass off-line, as codes/passes does on the server: base45, CBOR in its one spelling, Ed25519 by WebCrypto.
// The token chooses neither algorithm nor key: both come from the city's published list.

const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const PREFIX = "HCP1:";
const PAPER = "HPP1:";
const MAX_CHARACTERS = 1000;
const LIFETIME = 60;
const OFF_LINE_DAYS = 7;
const CLOCKS_DIFFER = 5;
const COLOURS = ["green", "yellow", "red", "unknown"];
const [ISSUER, SUBJECT, AUDIENCE, EXPIRES, ISSUED, COLOUR] = [1, 2, 3, 4, 6, -70001];

class Refusal extends Error {
  constructor(result, detail = "") {
    super(detail || result);
    this.result = result;
    this.detail = detail;
  }
}
const noPass = () => new Refusal("not_a_pass");

const decode45 = (text) => {
  const bytes = [];
  for (let start = 0; start < text.length; start += 3) {
    const values = [...text.slice(start, start + 3)].map((sign) => SIGNS.indexOf(sign));
    const size = values.length - 1;
    const number = values.reduceRight((sum, value) => sum * 45 + value, 0);
    if (size === 0 || values.includes(-1) || number >= 256 ** size) throw noPass();
    if (size === 2) bytes.push(number >> 8);
    bytes.push(number & 255);
  }
  return Uint8Array.from(bytes);
};

// Of CBOR only what a pass consists of, each in its shortest form: anything else is no pass.
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw noPass();
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  head() {
    const first = this.take(1)[0];
    const short = first & 31;
    if (short < 24) return [first >> 5, short];
    if (short > 27) throw noPass();
    const size = 2 ** (short - 24);
    const number = this.take(size).reduce((sum, byte) => sum * 256 + byte, 0);
    const least = size === 1 ? 24 : 256 ** (size / 2);
    if (number < least || !Number.isSafeInteger(number)) throw noPass();
    return [first >> 5, number];
  }

  value() {
    const [kind, number] = this.head();
    if (kind === 0) return number;
    if (kind === 1) return -1 - number;
    if (kind === 2) return this.take(number).slice();
    if (kind === 3) return this.text(number);
    if (kind === 4) return Array.from({ length: this.few(number) }, () => this.value());
    if (kind === 5) return this.map(this.few(number));
    if (kind === 6) return { tag: number, value: this.value() };
    throw noPass();
  }

  few(number) {
    if (number > 8) throw noPass();
    return number;
  }

  text(size) {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.take(size));
    } catch {
      throw noPass();
    }
  }

  map(size) {
    const found = new Map();
    for (let place = 0; place < size; place += 1) {
      const key = this.value();
      if (found.has(key)) throw noPass();
      found.set(key, this.value());
    }
    return found;
  }

  static whole(bytes) {
    const reader = new Reader(bytes);
    const value = reader.value();
    if (reader.at !== bytes.length) throw noPass();
    return value;
  }
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const fromBase64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
const seconds = (text) => Date.parse(text) / 1000;
const isBytes = (value) => value instanceof Uint8Array;
const onlyKeys = (map, keys) => map instanceof Map && map.size === keys.length && keys.every((key) => map.has(key));

const head = (kind, size) => (size < 24 ? [(kind << 5) | size] : size < 256 ? [(kind << 5) | 24, size] : [(kind << 5) | 25, size >> 8, size & 255]);
const string = (bytes) => [...head(2, bytes.length), ...bytes];
const signedBytes = (header, payload) =>
  Uint8Array.from([0x84, ...head(3, 10), ...new TextEncoder().encode("Signature1"), ...string(header), 0x40, ...string(payload)]);

const partsOf = (token) => {
  if (!token.startsWith(PREFIX) || token.length > MAX_CHARACTERS) throw noPass();
  const signed = Reader.whole(decode45(token.slice(PREFIX.length)));
  const parts = signed.tag === 18 ? signed.value : null;
  if (!Array.isArray(parts) || parts.length !== 4 || !onlyKeys(parts[1], [])) throw noPass();
  if (![parts[0], parts[2], parts[3]].every(isBytes)) throw noPass();
  return [parts[0], parts[2], parts[3]];
};

const keyOf = (header, list) => {
  const fields = Reader.whole(header);
  if (!(fields instanceof Map)) throw noPass();
  if (!onlyKeys(fields, [1, 4]) || fields.get(1) !== -8) throw new Refusal("bad_signature", "unknown_algorithm");
  const name = fields.get(4);
  const key = isBytes(name) ? list.keys.find((one) => one.key_id === hex(name) && one.algorithm === "EdDSA") : null;
  if (!key) throw new Refusal("unknown_key");
  if (key.compromised_at) throw new Refusal("bad_signature", "compromised_key");
  return key;
};

const isGenuine = async (key, header, payload, signature) => {
  const imported = await crypto.subtle.importKey("raw", fromBase64(key.public_key), { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, signedBytes(header, payload));
};

const contentOf = (payload) => {
  const claims = Reader.whole(payload);
  if (!onlyKeys(claims, [ISSUER, SUBJECT, AUDIENCE, EXPIRES, ISSUED, COLOUR])) throw noPass();
  const isTime = (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 33;
  if (!isTime(claims.get(ISSUED)) || !isTime(claims.get(EXPIRES))) throw noPass();
  if (claims.get(AUDIENCE) !== "checkpoint") throw new Refusal("not_a_pass", "wrong_audience");
  const colour = COLOURS[claims.get(COLOUR)];
  if (!colour) throw noPass();
  return { division: String(claims.get(ISSUER)), colour, issuedAt: claims.get(ISSUED), expiresAt: claims.get(EXPIRES) };
};

const checkTimes = (content, key, now) => {
  const life = content.expiresAt - content.issuedAt;
  if (life <= 0 || life > LIFETIME) throw noPass();
  if (now >= content.expiresAt + CLOCKS_DIFFER) throw new Refusal("expired");
  if (now < content.issuedAt - CLOCKS_DIFFER) throw new Refusal("not_yet_valid");
  if (key.retired_at && content.issuedAt > seconds(key.retired_at) + CLOCKS_DIFFER) throw new Refusal("bad_signature", "retired_key");
};

// What a scanner spoils: full-width signs, small letters, line ends.
export const clean = (text) =>
  text
    .replace(/[\uff01-\uff5e]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/[\t\r\n\u200b-\u200d\ufeff]/g, "")
    .replace(/[\u3000\u00a0]/g, " ")
    .trim()
    .toUpperCase();

const check = async (text, list, now, division) => {
  const token = clean(text);
  if (token.startsWith(PAPER)) throw new Refusal("unknown", "paper");
  const age = now - seconds(list.published_at);
  const [header, payload, signature] = partsOf(token);
  if (age > OFF_LINE_DAYS * 86400) throw new Refusal("unknown_key", "old_list");
  if (age < -CLOCKS_DIFFER) throw new Refusal("not_yet_valid", "list_to_come");
  const key = keyOf(header, list);
  if (!(await isGenuine(key, header, payload, signature))) throw new Refusal("bad_signature");
  const content = contentOf(payload);
  if (content.division !== key.division) throw new Refusal("bad_signature", "wrong_city");
  checkTimes(content, key, now);
  if (content.division !== division) throw new Refusal("other_city");
  if (content.colour === "unknown") throw new Refusal("unknown");
  return { result: "ok", detail: "", colour: content.colour, at: content.issuedAt };
};

// {result, detail, colour, at}: ``at`` is the second whose colour it is.
export const verifyOffLine = async (text, list, { now = Date.now() / 1000, division }) => {
  try {
    return await check(text, list, now, division);
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault;
    return { result: fault.result, detail: fault.detail, colour: "", at: now };
  }
};
