import { spawn } from "node:child_process";
import { constants } from "node:os";

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The exit code a shell would report for a child that ended with this code or signal. */
export const exitCodeOf = (code, signal) => code ?? 128 + (constants.signals[signal] ?? 0);

/**
 * Runs a program to its end with this process's input and output and resolves to its exit code. Signals sent to this process reach
 * the child once and never end this process first: with `ownGroup` the child leads its own process group, so that a Ctrl-C, which the
 * terminal sends to the whole group, is not delivered twice.
 */
export const runChild = (command, args, { ownGroup = false, ...options } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", detached: ownGroup, ...options });
    const forward = (signal) => {
      if (ownGroup || signal !== "SIGINT") child.kill(signal);
    };
    const listeners = FORWARDED.map((signal) => [signal, () => forward(signal)]);
    for (const [signal, listener] of listeners) process.on(signal, listener);
    const release = () => {
      for (const [signal, listener] of listeners) process.off(signal, listener);
    };
    child.once("error", (error) => {
      release();
      reject(new Error(`${command} could not be started: ${error.message}`, { cause: error }));
    });
    child.once("exit", (code, signal) => {
      release();
      resolve(exitCodeOf(code, signal));
    });
  });
