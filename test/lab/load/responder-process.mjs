/** A tracker for tests in a process of its own: honest replies without peers; on request it tells the ports announced. */
import { openUdpSocket } from '../../../dist/wire/open-udp-socket.js';

const ports = new Set();

function answer(batch, socket) {
  for (let index = 0; index < batch.count; index++) {
    const from = batch.offset(index);
    const { bytes } = batch;
    const action = bytes[from + 11];
    const at = socket.slot();
    const reply = socket.sendBytes;
    reply.set([0, 0, 0, action], at);
    for (let byte = 0; byte < 4; byte++) reply[at + 4 + byte] = bytes[from + 12 + byte];
    if (action === 1) ports.add((bytes[from + 96] << 8) | bytes[from + 97]);
    const scraped = (batch.length(index) - 16) / 20;
    socket.reply(at, [16, 20, 8 + 12 * scraped][action], batch, index);
  }
}

const socket = await openUdpSocket({
  kind: 'auto',
  host: '127.0.0.1',
  port: 0,
  receiveBufferBytes: 16 * 1024 * 1024,
  onBatch: answer,
});
process.on('message', () => process.send([...ports]));
process.on('disconnect', () => process.exit());
process.send({ port: socket.localPort });
