// Verifies a pass off-line, like codes/passes on the server: base45, canonical CBOR, Ed25519 by WebCrypto.
// The token does not choose algorithm or key: both come from the cities' signed key lists.
import { hex, isSigned } from "./key_list.js";
import { Refusal } from "./refusal.js";
import { theOneReading } from "./scanned.js";

const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const MAX_CHARACTERS = 1000;
const CLOCKS_DIFFER = 5;
const COLOURS = ["green", "yellow", "red", "unknown"];
const [ISSUER, SUBJECT, AUDIENCE, EXPIRES, ISSUED, COLOUR] = [1, 2, 3, 4, 6, -70001];
const COMMON = [ISSUER, SUBJECT, AUDIENCE, EXPIRES, ISSUED];
const KINDS = {
  "HCP1:": { audience: "checkpoint", lifetime: 60, claims: [...COMMON, COLOUR] },
  "HPP1:": { audience: "look-up", lifetime: 365 * 86400, claims: COMMON },
};
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

// Reads only the CBOR types that a pass contains, each in its shortest form. Anything else is not a pass.
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

const isBytes = (value) => value instanceof Uint8Array;
const onlyKeys = (map, keys) => map instanceof Map && map.size === keys.length && keys.every((key) => map.has(key));

const head = (kind, size) => (size < 24 ? [(kind << 5) | size] : size < 256 ? [(kind << 5) | 24, size] : [(kind << 5) | 25, size >> 8, size & 255]);
const string = (bytes) => [...head(2, bytes.length), ...bytes];
const signedBytes = (header, payload) =>
  Uint8Array.from([0x84, ...head(3, 10), ...new TextEncoder().encode("Signature1"), ...string(header), 0x40, ...string(payload)]);

const partsOf = (token) => {
  if (token.length > MAX_CHARACTERS) throw noPass();
  const signed = Reader.whole(decode45(token.slice(5)));
  const parts = signed.tag === 18 ? signed.value : null;
  if (!Array.isArray(parts) || parts.length !== 4 || !onlyKeys(parts[1], [])) throw noPass();
  if (![parts[0], parts[2], parts[3]].every(isBytes)) throw noPass();
  return [parts[0], parts[2], parts[3]];
};

const keyOf = (header, lists) => {
  const fields = Reader.whole(header);
  if (!(fields instanceof Map)) throw noPass();
  if (!onlyKeys(fields, [1, 4]) || fields.get(1) !== -8) throw new Refusal("bad_signature", "unknown_algorithm");
  const name = isBytes(fields.get(4)) ? hex(fields.get(4)) : "";
  const key = lists.map((list) => list.keys.get(name)).find(Boolean);
  if (!key) throw new Refusal("unknown_key");
  if (key.isStolen) throw new Refusal("bad_signature", "compromised_key");
  return key;
};

const claimsOf = (payload, kind) => {
  const claims = Reader.whole(payload);
  if (!onlyKeys(claims, kind.claims)) throw noPass();
  const isTime = (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 33;
  if (![ISSUER, SUBJECT].every((claim) => typeof claims.get(claim) === "string")) throw noPass();
  if (![ISSUED, EXPIRES].every((claim) => isTime(claims.get(claim)))) throw noPass();
  if (claims.get(AUDIENCE) !== kind.audience) throw new Refusal("not_a_pass", "wrong_audience");
  if (claims.has(COLOUR) && !COLOURS[claims.get(COLOUR)]) throw noPass();
  return claims;
};

const checkTimes = (claims, kind, key, now) => {
  const [from, until] = [claims.get(ISSUED), claims.get(EXPIRES)];
  if (until <= from || until - from > kind.lifetime) throw noPass();
  if (now >= until + CLOCKS_DIFFER) throw new Refusal("expired");
  if (now < from - CLOCKS_DIFFER) throw new Refusal("not_yet_valid");
  if (key.retiredAt !== null && from > key.retiredAt + CLOCKS_DIFFER) throw new Refusal("bad_signature", "retired_key");
};

const verify = async (token, lists, now) => {
  const kind = KINDS[token.slice(0, 5)];
  if (!kind) throw noPass();
  const [header, payload, signature] = partsOf(token);
  const key = keyOf(header, lists);
  if (!(await isSigned(key.bytes, signature, signedBytes(header, payload)))) throw new Refusal("bad_signature");
  const claims = claimsOf(payload, kind);
  if (claims.get(ISSUER) !== key.division) throw new Refusal("bad_signature", "wrong_city");
  checkTimes(claims, kind, key, now);
  const colour = claims.has(COLOUR) ? COLOURS[claims.get(COLOUR)] : "";
  return { token, division: key.division, colour, at: claims.get(ISSUED) };
};

const check = async (text, lists, now) => {
  const said = await theOneReading(text, (token) => verify(token, lists, now));
  const ofCity = lists.filter((list) => list.division === said.division);
  const used = ofCity.reduce((one, other) => (other.publishedAt > one.publishedAt ? other : one));
  if (now < used.publishedAt - CLOCKS_DIFFER) throw new Refusal("not_yet_valid", "list_to_come");
  if (now > used.usableUntil) throw new Refusal("unknown_key", "old_list");
  const found = { ...said, detail: "", listAt: used.publishedAt };
  if (!said.colour) return { ...found, result: "unknown", detail: "paper" };
  return said.colour === "unknown" ? { ...found, result: "unknown", colour: "" } : { ...found, result: "ok" };
};

// Returns {result, detail, colour, at} for any scanned text, and more for a genuine pass. ``at``: the second for which the colour was stated.
export const verifyOffLine = async (text, lists, now = Date.now() / 1000) => {
  try {
    return await check(text, lists, now);
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault;
    return { result: fault.result, detail: fault.detail, colour: "", at: now };
  }
};
