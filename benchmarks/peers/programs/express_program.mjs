// Express with pg, bcrypt and jsonwebtoken; `migrate` as argument creates the table.
import bcrypt from "bcrypt";
import express from "express";
import jwt from "jsonwebtoken";
import pg from "pg";

import { serveWithTwoWorkers } from "./cluster.mjs";

const { PEER_COST, PEER_DATABASE, PEER_KEY } = process.env;
const pool = new pg.Pool({ connectionString: PEER_DATABASE });
const app = express();
app.use(express.json());

app.post("/register", async (request, response) => {
  const { user_name, email, password } = request.body;
  const hash = await bcrypt.hash(password, Number(PEER_COST));
  const created = await pool.query(
    "INSERT INTO users (user_name, email, password_hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id",
    [user_name, email, hash],
  );
  if (created.rowCount === 0) {
    return response.status(409).json({ message: "The name or the e-mail address is taken." });
  }
  response.status(201).json({ id: created.rows[0].id, user_name, email });
});

app.post("/login", async (request, response) => {
  const { user_name, password } = request.body;
  const found = await pool.query("SELECT id, password_hash FROM users WHERE user_name = $1", [user_name]);
  if (found.rowCount === 0 || !(await bcrypt.compare(password, found.rows[0].password_hash))) {
    return response.status(401).json({ message: "Name or password is wrong." });
  }
  const access = jwt.sign({}, PEER_KEY, { algorithm: "HS256", subject: String(found.rows[0].id), expiresIn: "1h" });
  response.json({ access });
});

app.get("/me", async (request, response) => {
  let subject;
  try {
    const token = request.get("Authorization")?.replace(/^Bearer /, "");
    subject = jwt.verify(token, PEER_KEY, { algorithms: ["HS256"] }).sub;
  } catch {
    return response.status(401).json({ message: "The token is invalid." });
  }
  const found = await pool.query("SELECT id, user_name, email FROM users WHERE id = $1", [subject]);
  if (found.rowCount === 0) return response.status(401).json({ message: "The account is gone." });
  response.json(found.rows[0]);
});

if (process.argv[2] === "migrate") {
  await pool.query(`CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_name text NOT NULL UNIQUE, email text NOT NULL UNIQUE, password_hash text NOT NULL)`);
  await pool.end();
} else {
  serveWithTwoWorkers((port, host) => app.listen(port, host));
}
