// A service with jose and no framework: ISSUER=https://accounts.example.org PORT=3000 node with_jose.mjs
import { createServer } from "node:http";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const { ISSUER, PORT } = process.env;
const metadata = await (await fetch(`${ISSUER}/.well-known/oauth-authorization-server`)).json();
if (metadata.issuer !== ISSUER) throw new Error(`the metadata is that of ${metadata.issuer}`);
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
const options = {
  issuer: ISSUER, // or a list of two, while it changes
  audience: "hexaccount",
  typ: "at+jwt",
  algorithms: ["EdDSA", "ES256", "RS256"],
  requiredClaims: ["exp", "iat", "sub"],
  clockTolerance: 60,
};

async function answer(request) {
  const [, token] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (!token) return [401, { error: "no token" }];
  const { payload } = await jwtVerify(token, keys, options);
  if (request.url === "/orders") return [200, { user: payload.sub }];
  if (request.url !== "/support") return [404, {}];
  return payload.roles?.includes("support") ? [200, { orders: [] }] : [403, { error: "the role is missing" }];
}

function refusal(error) {
  const unavailable = !(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout;
  return [unavailable ? 503 : 401, { error: error.message }];
}

createServer(async (request, response) => {
  const [status, body] = await answer(request).catch(refusal);
  if (status === 401) response.setHeader("WWW-Authenticate", "Bearer");
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}).listen(Number(PORT), "127.0.0.1");
