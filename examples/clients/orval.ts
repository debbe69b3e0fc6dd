// orval writes a function for each operation, and the status tells the kinds of its answer apart.

import { getMe, logIn, register } from "./generated/orval";
import { ada, show, unexpected } from "./service";

await register(ada);
const opened = await logIn({ user_name: ada.user_name, password: ada.password });
if (opened.status !== 200) unexpected(opened.data.code);
const me = await getMe({ headers: { Authorization: `Bearer ${opened.data.data.access}` } });
const conflict = await register(ada);
const unauthorized = await getMe({ headers: { Authorization: "Bearer expired" } });
const invalid = await register({ ...ada, email: "ada", password: "short" });
if (me.status !== 200 || conflict.status !== 409 || unauthorized.status !== 401 || invalid.status !== 422)
  unexpected({ me, conflict, unauthorized, invalid });

show({
  name: me.data.data.first_name,
  conflict: conflict.data.code,
  unauthorized: unauthorized.data.code,
  invalid: (invalid.data.errors ?? []).map((error) => error.pointer),
});
