#!/usr/bin/env node
// A tracker of somebody else: a dgram socket, no message to its parent. `--port N` where it serves. It keeps no peers:
// an announce is answered with two made-up ones. `--stubborn`: SIGTERM does not end it.
import { createSocket } from 'node:dgram';

const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
if (process.argv.includes('--stubborn')) process.on('SIGTERM', () => {});
const socket = createSocket('udp4');
socket.on('message', function answer(request, { address, port: senderPort }) {
  if (request.length < 16) return;
  const action = request.readUInt32BE(8);
  if (action > 2) return;
  const reply = Buffer.alloc([16, 32, 8 + 12 * ((request.length - 16) / 20)][action], 1);
  reply.writeUInt32BE(action, 0);
  request.copy(reply, 4, 12, 16);
  socket.send(reply, senderPort, address);
});
socket.bind(port, '127.0.0.1');
