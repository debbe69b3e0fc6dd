// The session of a person, which all tabs of this origin share: log in once, refresh once, log out everywhere.
import { forget, locked, store, stored } from "./tokens.js";

export class LoggedOut extends Error {}

export class Session extends EventTarget {
  #tabs = new BroadcastChannel("hexaccount");

  // `change` is dispatched when the person has logged in or out, here or in another tab.
  constructor(url) {
    super();
    this.url = url;
    this.#tabs.onmessage = () => this.dispatchEvent(new Event("change"));
  }

  async isLoggedIn() {
    return (await stored()) !== null;
  }

  async logIn(userName, password) {
    const answer = await this.#post("login", { user_name: userName, password });
    if (!answer.ok) throw new Error((await answer.json()).detail);
    await locked(() => this.#receive(answer));
    this.#changed();
  }

  async logOut() {
    try {
      const tokens = await stored();
      const answer = tokens && (await this.#post("logout", { refresh: tokens.refresh }));
      if (answer && !answer.ok) throw new Error(`the service answers ${answer.status}; the session may go on`);
    } finally {
      await locked(forget);
      this.#changed();
    }
  }

  // A request of the person. A token that is refused although it has not expired is refreshed once.
  async fetch(path, init = {}) {
    const send = (token) =>
      fetch(this.url + path, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } });
    const token = await this.accessToken();
    const answer = await send(token);
    return answer.status === 401 ? send(await this.accessToken(token)) : answer;
  }

  // An access token that is valid for a while, and is not `refused`; throws LoggedOut.
  async accessToken(refused) {
    const usable = (tokens) => tokens && tokens.access !== refused && Date.now() < tokens.refreshAt;
    const known = await stored();
    if (usable(known)) return known.access;
    return locked(async () => {
      // Another tab may have refreshed, or logged out, while this one waited.
      const tokens = await stored();
      if (!tokens) throw new LoggedOut("log in");
      return usable(tokens) ? tokens.access : this.#refresh(tokens);
    });
  }

  async #refresh({ refresh }) {
    const answer = await this.#post("refresh", { refresh });
    if (answer.ok) return this.#receive(answer);
    // Any other status says nothing about the session: it may be repeated, for as long as `session.refresh_grace`.
    if (answer.status !== 401) throw new Error(`the service answers ${answer.status}; try again`);
    await forget();
    this.#changed();
    throw new LoggedOut("log in again");
  }

  async #receive(answer) {
    const { access, refresh, expires_in: seconds } = (await answer.json()).data;
    // A minute early, so that the token is still valid when it arrives; a short one at half of its time.
    const refreshAt = Date.now() + 1000 * Math.max(seconds - 60, seconds / 2);
    await store({ access, refresh, refreshAt });
    return access;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
    this.#tabs.postMessage("change");
  }

  #post(operation, body) {
    const headers = { "Content-Type": "application/json" };
    return fetch(`${this.url}/api/v1/public/${operation}`, { method: "POST", headers, body: JSON.stringify(body) });
  }
}
