import { defineConfig } from "orval";

export default defineConfig({
  accounts: {
    input: "./swagger.json",
    output: { target: "./generated/orval.ts", client: "fetch", override: { mutator: { path: "./service.ts", name: "send" } } },
  },
});
