// The signed key lists that a gate stores: its own city's, and those of the cities whose passes may be shown to it.
import { readList } from "./key_list.js";

const KEPT = "gate.lists";
const REVOKED = "revoked";

// {device, lists: {division: {text, signedBy}}}. If the browser was enrolled as another device, it starts with no lists and pins anew.
const kept = (device) => {
  const found = JSON.parse(localStorage.getItem(KEPT) ?? "null");
  return found?.device === device ? found : { device, lists: {} };
};

export const forgetLists = () => localStorage.removeItem(KEPT);

// Stores a list if it has the same signer as the previous one and is not older. Throws an error if it must not be used.
const take = async (into, text, division, pinned) => {
  const before = into.lists[division];
  const list = await readList(text, before?.signedBy ?? pinned);
  if (list.division !== division) throw new Error("another city's list");
  const old = before && (await readList(before.text, before.signedBy));
  if (!old || old.publishedAt <= list.publishedAt) into.lists[division] = { text, signedBy: list.signedBy };
};

const fetched = async (address) => {
  const answer = await fetch(address, { cache: "no-store" });
  if (!answer.ok) throw new Error(answer.status === 401 ? REVOKED : `status ${answer.status}`);
  return answer.text();
};

// Updates the stored lists. Returns ``"off_line"`` if the city cannot be reached, ``"refused"`` if its list must not be used,
// ``"revoked"`` if the city no longer knows this device, otherwise ``"fetched"``.
export const fetchLists = async ({ device, division, signedBy, keys, neighbours }) => {
  let texts;
  try {
    texts = [await fetched(keys), await fetched(neighbours)];
  } catch (fault) {
    return fault.message === REVOKED ? REVOKED : "off_line";
  }
  const into = kept(device);
  let said = "fetched";
  const others = JSON.parse(texts[1]).lists.map((one) => [one.keys, one.division, ""]);
  for (const [text, ofCity, pinned] of [[texts[0], division, signedBy], ...others]) {
    try {
      await take(into, text, ofCity, pinned);
    } catch {
      // Without another city's list, its passes are unknown here. Only the own city's list stops the gate.
      if (ofCity === division) said = "refused";
    }
  }
  localStorage.setItem(KEPT, JSON.stringify(into));
  return said;
};

// Returns the lists to verify with, the own city's first. Lists that no longer verify are left out.
export const keptLists = async ({ device, division }) => {
  const { lists } = kept(device);
  const divisions = [division, ...Object.keys(lists).filter((one) => one !== division)].filter((one) => lists[one]);
  const read = await Promise.allSettled(divisions.map((one) => readList(lists[one].text, lists[one].signedBy)));
  return read.filter((one) => one.status === "fulfilled").map((one) => one.value);
};
