// Two processes of Node.js on one port, as its documentation of `cluster` has them.
import cluster from "node:cluster";

export function serveWithTwoWorkers(listen) {
  if (cluster.isPrimary) {
    cluster.fork();
    cluster.fork();
    process.on("SIGTERM", () => {
      for (const worker of Object.values(cluster.workers)) worker.kill();
    });
  } else {
    listen(Number(process.env.PEER_PORT), "127.0.0.1");
  }
}
