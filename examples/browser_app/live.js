// Receives the events of the account for as long as the person is logged in.
// A path, as the policy of the page forbids an import map in it. A bundler takes "socket.io-client".
import { io } from "./node_modules/socket.io-client/dist/socket.io.esm.min.js";
import { LoggedOut } from "./session.js";

export function listen(url, session, onEvent) {
  let token, refused;
  const socket = io(url, {
    transports: ["websocket"],
    // It is called for each connection, so that each has a token that is valid then. If there is none at the moment,
    // the service ends the connection, and the client of Socket.IO tries again.
    auth: (send) =>
      session.accessToken(refused).then(
        (fresh) => send({ token: (token = fresh) }),
        (error) => error instanceof LoggedOut && socket.disconnect(),
      ),
  });
  // The service ends a socket with its token. Of other ends, the client recovers by itself.
  socket.on("disconnect", (reason) => reason === "io server disconnect" && socket.connect());
  socket.on("connect_error", ({ data }) => {
    if (data?.code === "invalid_token") refused = token; // of a session that has ended, or a token that was late
    else if (!data?.retry_after) return;
    setTimeout(() => socket.connect(), 1000 * (data.retry_after ?? 1));
  });
  socket.onAny(onEvent);
  return socket;
}
