/*
 * Loaded into the daemon before it starts, by `budget-scenario.ts`: tells over a Unix socket, by HTTP, what JavaScript has
 * allocated and made. `GET /heap`: bytes of V8's heap, exact where nothing is collected between two looks. `GET /made`: objects
 * made since the last look, by kind as `node:async_hooks` names them; the first look begins to count.
 */
'use strict'
const { createHook } = require('node:async_hooks')
const { createServer } = require('node:http')
const { getHeapStatistics } = require('node:v8')

let made = {}
const hook = createHook({
  init(_id, kind) {
    made[kind] = (made[kind] ?? 0) + 1
  },
})
const answers = {
  '/heap': () => getHeapStatistics().used_heap_size,
  '/made': () => {
    hook.enable()
    const told = made
    made = {}
    return told
  },
}
createServer((request, response) => response.end(JSON.stringify(answers[request.url]?.())))
  .listen('/run/lab/probe.sock')
  .unref()
