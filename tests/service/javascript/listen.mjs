// Connects as a page would, and writes what happens, a line of JSON each: node listen.mjs URL OPTIONS
import { io } from "socket.io-client";

const [, , url, options] = process.argv;
const socket = io(url, JSON.parse(options));
const write = (happened, told) => process.stdout.write(JSON.stringify([happened, told ?? null]) + "\n");

socket.on("connect", () => write("connect"));
socket.on("connect_error", (error) => write("connect_error", error.data?.code ?? error.message));
socket.on("disconnect", (reason) => write("disconnect", reason));
socket.onAny((event, told) => write(event, told));
