// Required before the lab: tells at its end which packages of other people's tools it has loaded.
const { writeFileSync } = require('node:fs');
const Module = require('node:module');

process.on('exit', () => {
  const foreign = Object.keys(Module._cache).filter((file) =>
    /node_modules\/(?:0x|clinic|@clinic|bullmq|ioredis)\//.test(file),
  );
  writeFileSync(
    process.env.LOADED_PACKAGES,
    JSON.stringify({ files: Object.keys(Module._cache).length, foreign }),
  );
});
