import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "./swagger.json",
  output: "./generated/hey",
  plugins: ["@hey-api/client-fetch"],
});
