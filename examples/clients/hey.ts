// @hey-api/openapi-ts writes a function for each operation.

import { client } from "./generated/hey/client.gen";
import { getMe, logIn, register } from "./generated/hey";
import { ada, service, show, unexpected } from "./service";

client.setConfig({ baseUrl: service });

await register({ body: ada });
const { data: opened, error: refused } = await logIn({ body: { user_name: ada.user_name, password: ada.password } });
if (!opened) unexpected(refused);
const { data: me } = await getMe({ auth: opened.data.access });
const { error: conflict } = await register({ body: ada });
const { error: unauthorized } = await getMe({ auth: "expired" });
const { error: invalid } = await register({ body: { ...ada, email: "ada", password: "short" } });
if (!me || !conflict || !unauthorized || !invalid) unexpected({ me, conflict, unauthorized, invalid });

show({
  name: me.data.first_name,
  conflict: conflict.code,
  unauthorized: unauthorized.code,
  invalid: (invalid.errors ?? []).map((error) => error.pointer),
});
