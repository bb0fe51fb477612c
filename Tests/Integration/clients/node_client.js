// The client on Node.js's ws; see README.md.
"use strict";
const WebSocket = require("ws");

const [url, token, version] = process.argv.slice(2);
const say = (event, more = {}) => console.log(JSON.stringify({ event, ...more }));

const stream = new WebSocket(url, {
  ...(token && { headers: { Authorization: `Bearer ${token}` } }),
  ...(version && { protocolVersion: Number(version) }),
});
stream.on("open", () => say("open"));
stream.on("message", (data, isBinary) => say("message", { data: isBinary ? null : data.toString() }));
stream.on("unexpected-response", (request, response) => {
  say("refused", { status: response.statusCode });
  process.exit(0);
});
stream.on("error", (error) => say("error", { text: String(error) }));
stream.on("close", (code) => {
  say("closed", { code });
  process.exit(0);
});
process.stdin.once("data", () => stream.close(1000));
