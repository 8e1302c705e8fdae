// Reads a city's signed key list, like codes/passes/key_list.py on the server.

const VERSION = 2;

export const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const fromBase64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
const isSigned = async (key, signature, bytes) => {
  const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, bytes);
};
export { isSigned };

// Returns whether this browser supports the signatures of passes and lists.
export const canVerify = async () => {
  try {
    await crypto.subtle.importKey("raw", new Uint8Array(32), { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch {
    return false;
  }
};

const instant = (text) => {
  const seconds = Date.parse(text) / 1000;
  if (Number.isNaN(seconds)) throw new Error("no instant");
  return seconds;
};

// The signed text: the content without its signature as JSON with sorted keys, no white space and non-ASCII characters escaped.
const spelling = (value) => {
  if (Array.isArray(value)) return `[${value.map(spelling).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${spelling(value[name])}`).join(",")}}`;
};
const escaped = (text) => text.replace(/[\u007f-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

const keyOf = async (row, division) => {
  const bytes = fromBase64(row.public_key);
  const name = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).slice(0, 8));
  if (bytes.length !== 32 || row.key_id !== name || row.algorithm !== "EdDSA" || row.division !== division) throw new Error("no key");
  return { name, division, bytes, retiredAt: row.retired_at ? instant(row.retired_at) : null, isStolen: row.compromised_at !== null };
};

// Returns the list. Throws an error unless its signature is valid and by the pinned signer, if there is one. Only keys of passes are read.
export const readList = async (text, pinned = "") => {
  const { signature, ...content } = JSON.parse(text);
  const signed = new TextEncoder().encode(escaped(spelling(content)));
  if (!(await isSigned(fromBase64(content.signed_by), fromBase64(signature), signed))) throw new Error("the signature is wrong");
  if (pinned && content.signed_by !== pinned) throw new Error("another signer");
  const days = content.offline_days;
  if (content.version !== VERSION || !Number.isInteger(days) || days <= 0 || days > 366) throw new Error("another version");
  const publishedAt = instant(content.published_at);
  const rows = content.keys.filter((row) => row.use === "pass");
  const keys = await Promise.all(rows.map((row) => keyOf(row, content.division)));
  return {
    division: content.division,
    publishedAt,
    usableUntil: publishedAt + days * 86400,
    signedBy: content.signed_by,
    keys: new Map(keys.map((key) => [key.name, key])),
  };
};
