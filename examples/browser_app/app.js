import { dataOf, LoggedOut, Sessions } from "./session.js";
import { listen } from "./live.js";

// Elsewhere, a link could name a service to which the page would send passwords and tokens.
const isLocal = ["localhost", "127.0.0.1"].includes(location.hostname);
const { service, sockets } = isLocal ? Object.fromEntries(new URLSearchParams(location.hash.slice(1))) : {};
const sessions = new Sessions(service ?? "http://localhost:8000");
const element = (id) => document.getElementById(id);
let shown; // the id of the session whose view is shown, null for the login
let leave = () => {};
let latest = 0;

// Each session has a view of its own. It is removed as a whole, with what was typed and what answers come late.
async function show() {
  const turn = ++latest;
  element("error").textContent = "";
  const session = await sessions.current();
  const id = session?.id ?? null;
  if (turn !== latest || id === shown) return;
  shown = id;
  leave();
  const view = element(session ? "account-view" : "login-view").content.firstElementChild.cloneNode(true);
  element("page").replaceChildren(view);
  leave = session ? showAccount(view, session) : showLogin(view);
}

function showLogin(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    element("error").textContent = "";
    const { user_name: name, password } = Object.fromEntries(new FormData(form));
    sessions.logIn(name, password).catch(report);
  });
  return () => {};
}

// Shows an account, and returns what ends that.
function showAccount(view, session) {
  const read = async (path) => dataOf(await session.fetch(path));
  async function load() {
    const [me, profile] = await Promise.all([read("/api/v1/me"), read("/api/v1/me/profile")]);
    view.querySelector("#name").textContent = me.first_name;
    view.querySelector("#bio").textContent = profile.bio;
  }
  const reload = () => load().catch((error) => view.isConnected && report(error));
  view.querySelector("#logout").addEventListener("click", () => session.logOut().catch(report));
  const socket = listen(sockets ?? "http://localhost:8001", session, (type) => type.includes(".updated.") && reload());
  socket.on("connect", reload); // no event came while there was no connection
  reload();
  return () => socket.disconnect();
}

function report(error) {
  element("error").textContent = error instanceof LoggedOut ? "" : error.message;
}

sessions.addEventListener("change", () => show().catch(report));
// Also after a return by the browser's history, which shows the page as it was left.
addEventListener("pageshow", () => show().catch(report));
