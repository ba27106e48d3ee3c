// Preloaded into a role: when the script that started it is killed outright, the role drains and stops rather than keep its port.
import { isMainThread } from "node:worker_threads";

const CHECK_MS = 500;
const parent = process.ppid;

if (isMainThread) {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, CHECK_MS);
  timer.unref();
}
