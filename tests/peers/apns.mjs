// A stand-in for Apple's push service, written from "Sending notification requests to APNs" and "Handling notification
// responses from APNs", on Node's own HTTP/2.
//
//   node apns.mjs --cert FILE --key FILE --public FILE --kid ID --team ID --topic ID [--now SECONDS] [--streams N]
//     [--then N]
//
// Prints its port on the first line. The provider token is checked first: ES256 with the public key in --public, kid, team,
// and an age of an hour at most by --now (default: this machine's clock). What is answered then is written in the device
// token: hexadecimal digits are taken; `s400xBadDeviceToken…` is status and reason (an `x` between them, an `x` at the end);
// `goaway…` is taken, and the connection says GOAWAY; `expired…` finds every provider token but the newest expired;
// `silent…` is never answered. With --then, that many streams are allowed once the first request was taken, as Apple does.
// GET /counts says what was seen.
import { readFileSync } from 'node:fs';
import { createPublicKey, verify } from 'node:crypto';
import { createSecureServer } from 'node:http2';

const given = {};
for (let at = 2; at < process.argv.length; at += 2) given[process.argv[at].replace(/^--/, '')] = process.argv[at + 1];
const publicKey = createPublicKey(readFileSync(given.public));
const now = () => (given.now ? Number(given.now) : Date.now() / 1000);

const counts = { requests: 0, taken: 0, connections: 0, tokens: 0, mostOpen: 0, last: null };
const tokens = new Set();
let newest = 0;
let open = 0;

const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

// What is wrong with the provider token, if anything: [status, reason].
function unauthorized(authorization) {
  if (!authorization) return [403, 'MissingProviderToken'];
  const [scheme, token] = authorization.split(' ');
  const parts = (token ?? '').split('.');
  if (scheme.toLowerCase() !== 'bearer' || parts.length !== 3) return [403, 'InvalidProviderToken'];
  try {
    const [header, claims] = [decoded(parts[0]), decoded(parts[1])];
    const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
    const signature = Buffer.from(parts[2], 'base64url');
    const good = verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
    if (!good || header.alg !== 'ES256' || header.kid !== given.kid || claims.iss !== given.team) {
      return [403, 'InvalidProviderToken'];
    }
    if (claims.iat > now() + 60) return [403, 'InvalidProviderToken'];
    if (claims.iat < now() - 3600) return [403, 'ExpiredProviderToken'];
    tokens.add(token);
    counts.tokens = tokens.size;
    newest = Math.max(newest, claims.iat);
    return null;
  } catch {
    return [403, 'InvalidProviderToken'];
  }
}

// What is wrong with the headers or the payload, if anything.
function malformed(headers, body) {
  const one = (name) => headers[name];
  if (!one('apns-topic')) return [400, 'MissingTopic'];
  if (one('apns-topic') !== given.topic) return [400, 'TopicDisallowed'];
  if (one('apns-id') && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(one('apns-id'))) return [400, 'BadMessageId'];
  if (one('apns-priority') && !['1', '5', '10'].includes(one('apns-priority'))) return [400, 'BadPriority'];
  if (one('apns-expiration') && !/^\d+$/.test(one('apns-expiration'))) return [400, 'BadExpirationDate'];
  if (one('apns-push-type') && one('apns-push-type') !== 'alert') return [400, 'InvalidPushType'];
  if (Buffer.byteLength(one('apns-collapse-id') ?? '') > 64) return [400, 'BadCollapseId'];
  if (body.length > 4096) return [413, 'PayloadTooLarge'];
  let payload;
  try {
    payload = JSON.parse(body.toString('utf8'));
  } catch {
    return [400, 'PayloadEmpty'];
  }
  if (typeof payload?.aps !== 'object') return [400, 'PayloadEmpty'];
  counts.last = { headers: { ...headers, authorization: undefined }, payload };
  return null;
}

function answer(stream, headers, body) {
  const id = headers['apns-id'] ?? '00000000-0000-4000-8000-000000000000';
  const say = (status, reason, more = {}) => {
    stream.respond({ ':status': status, 'apns-id': id });
    stream.end(reason ? JSON.stringify({ reason, ...more }) : undefined);
  };
  if (headers[':method'] === 'GET' && headers[':path'] === '/counts') {
    stream.respond({ ':status': 200 });
    return stream.end(JSON.stringify(counts));
  }
  // What came behind a GOAWAY was, as it says, not looked at.
  if (stream.id > (stream.session.left ?? Infinity)) return undefined;
  counts.requests += 1;
  if (headers[':method'] !== 'POST') return say(405, 'MethodNotAllowed');
  const path = /^\/3\/device\/(.*)$/.exec(headers[':path']);
  if (!path) return say(404, 'BadPath');
  const refusal = unauthorized(headers.authorization);
  if (refusal) return say(...refusal);
  const device = path[1];
  const wrong = device === '' ? [400, 'MissingDeviceToken'] : malformed(headers, body);
  if (wrong) return say(...wrong);
  if (device.startsWith('expired')) {
    const { iat } = decoded(headers.authorization.split('.')[1]);
    if (tokens.size < 2 || iat < newest) return say(403, 'ExpiredProviderToken');
  } else if (device.startsWith('silent')) {
    return undefined;
  } else if (device.startsWith('goaway')) {
    counts.taken += 1;
    say(200);
    stream.session.left ??= stream.id;
    return stream.session.goaway(0, stream.session.left);
  } else if (!/^[0-9a-f]+$/i.test(device)) {
    const [, status, reason] = /^s(\d{3})x([A-Za-z]+?)x/.exec(device) ?? [null, '400', 'BadDeviceToken'];
    return say(Number(status), reason, status === '410' ? { timestamp: 1795478400000 } : {});
  }
  counts.taken += 1;
  if (given.then && !stream.session.grown) {
    stream.session.grown = true;
    stream.session.settings({ maxConcurrentStreams: Number(given.then) });
  }
  return say(200);
}

const settings = given.streams ? { maxConcurrentStreams: Number(given.streams) } : {};
const server = createSecureServer({ cert: readFileSync(given.cert), key: readFileSync(given.key), settings });
server.on('session', () => { counts.connections += 1; });
server.on('stream', (stream, headers) => {
  open += 1;
  counts.mostOpen = Math.max(counts.mostOpen, open);
  stream.on('close', () => { open -= 1; });
  stream.on('error', () => {});
  const body = [];
  stream.on('data', (chunk) => body.push(chunk));
  stream.on('end', () => answer(stream, headers, Buffer.concat(body)));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
// The test that started it holds its input open: it ends with the test.
process.stdin.on('end', () => process.exit(0)).resume();
