// A receiver in a process of its own: takes what is posted, and answers at once.
import { createServer } from "node:http";

let taken = 0;
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    taken += 1;
    response.writeHead(204).end();
  });
});
server.listen(0, "127.0.0.1", () => process.send?.({ address: server.address() }));
process.on("message", () => {
  process.send?.({ taken });
  taken = 0;
});
process.on("disconnect", () => process.exit(0));
