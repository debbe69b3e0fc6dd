// What tabs of this origin share. Not in localStorage: what a tab reads there may be older than what another one has
// written, and the second use of a refresh token ends the session.

function transaction(mode, action) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("hexaccount", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("tokens");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const running = database.transaction("tokens", mode, { durability: "strict" });
      const request = action(running.objectStore("tokens"));
      running.oncomplete = () => resolve(request.result ?? null);
      running.onabort = () => reject(running.error);
      database.close(); // once the transaction has ended
    };
  });
}

const read = (key) => transaction("readonly", (tokens) => tokens.get(key));
const write = (key, value) => transaction("readwrite", (tokens) => tokens.put(value, key));

// The tokens of the session, with its id; null if there is none.
export const stored = () => read("session");
export const store = (session) => write("session", session);

// Stores the next tokens of a session, or removes its tokens if there are none; does nothing if it is not the stored
// one, because it has ended. Returns what was stored.
export const replace = (id, next) =>
  transaction("readwrite", (tokens) => {
    const request = tokens.get("session");
    request.onsuccess = () => {
      if (request.result?.id !== id) return;
      if (next) tokens.put(next, "session");
      else tokens.delete("session");
    };
    return request;
  });

// The device tokens of the accounts that have logged in here, which stay after a logout. A digest is the key of each, so
// that the next person does not read the names of others here.
export const deviceOf = async (userName) => read(await deviceKey(userName));
export const storeDevice = async (userName, device) => write(await deviceKey(userName), device);

async function deviceKey(userName) {
  const name = new TextEncoder().encode(userName.trim().toLowerCase());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", name));
  return `device of ${btoa(String.fromCharCode(...digest))}`;
}

// One tab at a time; the lock of a tab that is closed is released.
export const locked = (action) => navigator.locks.request("hexaccount", action);
