/** A tracker with a full receive queue: a small buffer, and 2 ms of work a request. It tells its port and then only answers. */
import dgram from 'node:dgram';

const socket = dgram.createSocket('udp4');
socket.on('message', function answerSlowly(request, { address, port }) {
  const until = performance.now() + 2;
  while (performance.now() < until);
  const action = request.readUInt32BE(8);
  const reply = Buffer.alloc([16, 20, 8 + 12 * ((request.length - 16) / 20)][action]);
  reply.writeUInt32BE(action, 0);
  request.copy(reply, 4, 12, 16);
  socket.send(reply, port, address);
});
socket.bind(0, '127.0.0.1', () => {
  socket.setRecvBufferSize(4096);
  process.send({ port: socket.address().port });
});
process.on('disconnect', () => process.exit());
