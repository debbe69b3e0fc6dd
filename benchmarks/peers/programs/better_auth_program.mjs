// better-auth on pg, with bcrypt as its hash; `migrate` as argument creates the tables.
import { createServer } from "node:http";

import bcrypt from "bcrypt";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { bearer } from "better-auth/plugins/bearer";
import pg from "pg";

import { serveWithTwoWorkers } from "./cluster.mjs";

const { PEER_COST, PEER_DATABASE, PEER_KEY, PEER_PORT } = process.env;
const pool = new pg.Pool({ connectionString: PEER_DATABASE });
const options = {
  baseURL: `http://127.0.0.1:${PEER_PORT}`,
  secret: PEER_KEY,
  database: pool,
  emailAndPassword: {
    enabled: true,
    // A registration is no login for the others either.
    autoSignIn: false,
    password: {
      hash: (password) => bcrypt.hash(password, Number(PEER_COST)),
      verify: ({ hash, password }) => bcrypt.compare(password, hash),
    },
  },
  // Session and user in one statement.
  advanced: { database: { joins: true } },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [bearer()],
};

if (process.argv[2] === "migrate") {
  const { runMigrations } = await getMigrations(options);
  await runMigrations();
  await pool.end();
} else {
  serveWithTwoWorkers((port, host) => createServer(toNodeHandler(betterAuth(options))).listen(port, host));
}
