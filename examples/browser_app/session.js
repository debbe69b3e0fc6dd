// The session of a person, which all tabs of this origin share: log in once, refresh once, log out everywhere.
import { deviceOf, locked, replace, store, storeDevice, stored } from "./tokens.js";

// How long a refresh keeps other tabs waiting: less than `session.refresh_grace`, so that one of them can repeat it.
const REFRESH_TIMEOUT = 10_000;

export class LoggedOut extends Error {}

// Dispatches `change` when a person has logged in or out, here or in another tab.
export class Sessions extends EventTarget {
  #tabs = new BroadcastChannel("hexaccount");

  constructor(url) {
    super();
    this.url = url;
    this.#tabs.onmessage = () => this.dispatchEvent(new Event("change"));
  }

  // The session of the person who is logged in, null if there is none.
  async current() {
    const tokens = await stored();
    return tokens && new Session(this, tokens.id);
  }

  async logIn(userName, password) {
    const device = await deviceOf(userName);
    const data = await dataOf(await this.post("login", { user_name: userName, password, device }));
    await storeDevice(userName, data.device);
    await store(tokensOf(data, crypto.randomUUID()));
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
    this.#tabs.postMessage("change");
  }

  post(operation, body, signal) {
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal };
    return fetch(`${this.url}/api/v1/public/${operation}`, init);
  }
}

// One session. What was begun in it fails with LoggedOut after its end, also if another person has logged in since.
export class Session {
  #sessions;

  constructor(sessions, id) {
    this.#sessions = sessions;
    this.id = id;
  }

  // Ends it in all tabs first, however long the service takes. If one refreshes meanwhile, the token is a used one, and
  // the service ends the session nevertheless.
  async logOut() {
    const { refresh } = await this.#replace(null);
    const answer = await this.#sessions.post("logout", { refresh });
    if (!answer.ok) throw new Error(`the service answers ${answer.status}; the session may go on`);
  }

  // A request of the person. A token that is refused although it has not expired is refreshed once.
  async fetch(path, init = {}) {
    const send = (token) =>
      fetch(this.#sessions.url + path, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } });
    const token = await this.accessToken();
    const answer = await send(token);
    return answer.status === 401 ? send(await this.accessToken(token)) : answer;
  }

  // An access token that is valid for a while, and is not `refused`; throws LoggedOut.
  async accessToken(refused) {
    const usable = (tokens) => tokens.access !== refused && Date.now() < tokens.refreshAt;
    const known = await this.#tokens();
    if (usable(known)) return known.access;
    return locked(async () => {
      // Another tab may have refreshed, or logged out, while this one waited.
      const tokens = await this.#tokens();
      return usable(tokens) ? tokens.access : this.#refresh(tokens);
    });
  }

  async #refresh({ refresh }) {
    const answer = await this.#sessions.post("refresh", { refresh }, AbortSignal.timeout(REFRESH_TIMEOUT));
    if (answer.ok) {
      const next = tokensOf(await dataOf(answer), this.id);
      await this.#replace(next);
      return next.access;
    }
    // Any other status says nothing about the session: it may be repeated, for as long as `session.refresh_grace`.
    if (answer.status !== 401) throw new Error(`the service answers ${answer.status}; try again`);
    await this.#replace(null);
    throw new LoggedOut("log in again");
  }

  async #tokens() {
    const tokens = await stored();
    if (tokens?.id !== this.id) throw new LoggedOut("log in");
    return tokens;
  }

  // Replaces its tokens; without new ones, it has ended. Returns the former ones.
  async #replace(next) {
    const former = await replace(this.id, next);
    if (former?.id !== this.id) throw new LoggedOut("log in");
    if (!next) this.#sessions.changed();
    return former;
  }
}

// What an answer contains; throws what a refusal says.
export async function dataOf(answer) {
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.detail);
  return content.data;
}

function tokensOf({ access, refresh, expires_in: seconds }, id) {
  // A minute early, so that the token is still valid when it arrives; a short one at half of its time.
  return { id, access, refresh, refreshAt: Date.now() + 1000 * Math.max(seconds - 60, seconds / 2) };
}
