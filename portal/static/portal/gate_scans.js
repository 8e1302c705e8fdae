// What was scanned off-line waits here until the city has seen it: only then can the same pass at another gate be found out.

const WAITING = "gate.scans";
// A day of a busy gate; older ones go first.
const MOST = 2000;
const AT_ONCE = 200;

const waiting = () => JSON.parse(localStorage.getItem(WAITING) ?? "[]");

export const forgetScans = () => localStorage.removeItem(WAITING);

// Only what was genuine: all else is no pass that could be anywhere else.
export const keepScan = (token, seconds) => {
  const scans = [...waiting(), { pass: token, at: new Date(seconds * 1000).toISOString() }];
  localStorage.setItem(WAITING, JSON.stringify(scans.slice(-MOST)));
};

// Sends what waits, and answers the instants of those that were at another gate too.
export const sendScans = async (address, body) => {
  const flagged = [];
  for (let scans = waiting(); scans.length > 0; scans = waiting()) {
    const some = scans.slice(0, AT_ONCE);
    body.set("scans", JSON.stringify(some));
    const answer = await fetch(address, { method: "POST", body });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    flagged.push(...(await answer.json()).replayed);
    localStorage.setItem(WAITING, JSON.stringify(waiting().slice(some.length)));
  }
  return flagged;
};
