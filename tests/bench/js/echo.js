// Clients and an echo server in one event loop.
const net = require("net");

const CLIENTS = 20;
const TRIPS = 1000;
const LINE = "hello, is anybody there?\n";

const server = net.createServer((socket) => socket.on("data", (data) => socket.write(data)));

function client(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    let echoed = 0;
    socket.on("data", (data) => {
      echoed += data.length;
      if (echoed === LINE.length * TRIPS) {
        socket.end();
        resolve(echoed);
      } else if (echoed % LINE.length === 0) {
        socket.write(LINE);
      }
    });
    socket.write(LINE);
  });
}

server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  const echoed = await Promise.all(Array.from({ length: CLIENTS }, () => client(port)));
  console.log(echoed.reduce((a, b) => a + b));
  server.close();
});
