// A city app's sign-on for tests: the certified oidc-provider, with one client and a few people.
// Usage: node provider.mjs PORT REDIRECT_URI. Whoever types a login name is that person.
import http from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [port, redirectUri] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const newKey = (kid) => ({
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  kid, use: 'sig', alg: 'RS256',
});

const build = (keys) => {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'academy', client_secret: 'a-secret-of-the-test-client-0123456789',
      redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code'],
    }],
    jwks: { keys },
    cookies: { keys: ['a-cookie-key-of-the-test'] },
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'member_number'] },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: `person-${id}`, member_number: id }) }),
    features: { devInteractions: { enabled: true } },
  });
  return provider.callback();
};

let keys = [newKey('first')];
let handle = build(keys);
http.createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/test/rotate') {
    keys = [newKey(`key-${Date.now()}`)];
    handle = build(keys);
    response.end('rotated');
    return;
  }
  handle(request, response);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
