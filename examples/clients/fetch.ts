// openapi-typescript writes the types, and openapi-fetch sends the requests.

import createClient from "openapi-fetch";
import type { paths } from "./generated/openapi-typescript";
import { ada, service, show, unexpected } from "./service";

const client = createClient<paths>({ baseUrl: service });

await client.POST("/api/v1/public/register", { body: ada });
const { data: opened, error: refused } = await client.POST("/api/v1/public/login", {
  body: { user_name: ada.user_name, password: ada.password },
});
if (!opened) unexpected(refused);
const { data: me } = await client.GET("/api/v1/me", { headers: { Authorization: `Bearer ${opened.data.access}` } });
const { error: conflict } = await client.POST("/api/v1/public/register", { body: ada });
const { error: unauthorized } = await client.GET("/api/v1/me", { headers: { Authorization: "Bearer expired" } });
const { error: invalid } = await client.POST("/api/v1/public/register", { body: { ...ada, email: "ada", password: "short" } });
if (!me || !conflict || !unauthorized || !invalid) unexpected({ me, conflict, unauthorized, invalid });

show({
  name: me.data.first_name,
  conflict: conflict.code,
  unauthorized: unauthorized.code,
  invalid: (invalid.errors ?? []).map((error) => error.pointer),
});
