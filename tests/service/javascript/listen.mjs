// Connects like a page, and writes each event as a line of JSON: node listen.mjs URL OPTIONS
import { io } from "socket.io-client";

const [, , url, options] = process.argv;
const socket = io(url, JSON.parse(options));
const write = (event, data) => process.stdout.write(JSON.stringify([event, data ?? null]) + "\n");

socket.on("connect", () => write("connect"));
socket.on("connect_error", (error) => write("connect_error", error.data?.code ?? error.message));
socket.on("disconnect", (reason) => write("disconnect", reason));
socket.onAny((event, data) => write(event, data));
