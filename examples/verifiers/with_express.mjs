// A service with express-oauth2-jwt-bearer: ISSUER=https://accounts.example.org PORT=3000 node with_express.mjs
import express from "express";
import { auth, requiredScopes } from "express-oauth2-jwt-bearer";

const { ISSUER, PORT } = process.env;
const app = express();

// It finds the keys by the metadata of the issuer; `strict` checks the form of RFC 9068.
app.use(auth({ issuerBaseURL: ISSUER, audience: "hexaccount", strict: true, clockTolerance: 60 }));
app.get("/orders", (request, response) => response.json({ user: request.auth.payload.sub }));
app.get("/support", requiredScopes("users.read"), (request, response) => response.json({ orders: [] }));
app.use((error, request, response, next) => {
  // An error without a status is none of the token: the keys cannot be fetched.
  response.set(error.headers ?? {}).status(error.status ?? 503).json({ error: error.message });
});
app.listen(Number(PORT), "127.0.0.1");
