import { Session, LoggedOut } from "./session.js";
import { listen } from "./live.js";

// Elsewhere, a link could name a service to which the page would send passwords and tokens.
const isLocal = ["localhost", "127.0.0.1"].includes(location.hostname);
const { service, sockets } = isLocal ? Object.fromEntries(new URLSearchParams(location.hash.slice(1))) : {};
const session = new Session(service ?? "http://localhost:8000");
const element = (id) => document.getElementById(id);
let socket = null;

async function show() {
  const isLoggedIn = await session.isLoggedIn();
  element("login").hidden = isLoggedIn;
  element("account").hidden = !isLoggedIn;
  if (!isLoggedIn) {
    socket?.disconnect();
    socket = null;
    return;
  }
  socket ??= listen(sockets ?? "http://localhost:8001", session, (type, event) => {
    const { bio } = type === "hexaccount.profile.updated.v1" ? event.data.changes : {};
    if (bio !== undefined) element("bio").textContent = bio;
  });
  const me = await (await session.fetch("/api/v1/me")).json();
  element("name").textContent = me.data.first_name;
}

function report(error) {
  element("error").textContent = error instanceof LoggedOut ? "" : error.message;
}

element("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  session.logIn(form.get("user_name"), form.get("password")).catch(report);
});
element("logout").addEventListener("click", () => session.logOut().catch(report));
session.addEventListener("change", () => show().catch(report));
show().catch(report);
