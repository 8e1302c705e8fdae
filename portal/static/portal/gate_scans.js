// Stores off-line scans until they are sent to the city, which can then detect that a pass was scanned at another gate as well.

const WAITING = "gate.scans";
// About a day of a busy gate. The oldest scans are dropped first.
const MOST = 2000;
const AT_ONCE = 200;

const waiting = () => JSON.parse(localStorage.getItem(WAITING) ?? "[]");

export const forgetScans = () => localStorage.removeItem(WAITING);

// Only genuine passes are stored, because others cannot have been scanned elsewhere.
export const keepScan = (token, seconds) => {
  const scans = [...waiting(), { pass: token, at: new Date(seconds * 1000).toISOString() }];
  localStorage.setItem(WAITING, JSON.stringify(scans.slice(-MOST)));
};

// Sends the stored scans. Returns the times of those whose passes were also scanned at another gate.
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
