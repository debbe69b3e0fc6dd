// The tokens of a session, where all tabs of this origin find them. Not localStorage: what a tab reads there may be
// older than what another one has written, and the second use of a refresh token ends the session.

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

export const stored = () => transaction("readonly", (tokens) => tokens.get("session"));
export const store = (session) => transaction("readwrite", (tokens) => tokens.put(session, "session"));
export const forget = () => transaction("readwrite", (tokens) => tokens.delete("session"));

// One tab at a time; the lock of a tab that is closed is released.
export const locked = (action) => navigator.locks.request("hexaccount", action);
