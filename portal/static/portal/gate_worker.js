// Caches the gate's page, so that it opens without a network. The cache contains no personal data and no results.
const KEPT = "gate-1";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The page sends the list of its resources, because it was loaded before the worker was active.
self.addEventListener("message", (event) => {
  if (!Array.isArray(event.data?.keep)) return;
  const keep = async () => {
    const cache = await caches.open(KEPT);
    await Promise.allSettled(event.data.keep.map((address) => cache.add(new Request(address, { cache: "reload" }))));
    event.source?.postMessage({ kept: true });
  };
  event.waitUntil(keep());
});

const answer = async (request) => {
  const cache = await caches.open(KEPT);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put(request, fresh.clone());
    // A revoked device must not show the page off-line either.
    if (fresh.status === 401) await caches.delete(KEPT);
    return fresh;
  } catch (fault) {
    const kept = await cache.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw fault;
  }
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const isPage = request.mode === "navigate" && pathname === new URL(self.registration.scope).pathname;
  const isPart = origin === self.location.origin && pathname.startsWith("/static/");
  if (request.method === "GET" && (isPage || isPart)) event.respondWith(answer(request));
});
