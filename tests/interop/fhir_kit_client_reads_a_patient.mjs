#!/usr/bin/env node
// Lets fhir-kit-client discover the sandbox and read a patient, with a token from the code flow.
//
//     cargo run -- sandbox --port 0 --fhir-port 0      # prints the FHIR base
//     cp tests/interop/fhir_kit_client_reads_a_patient.mjs SOMEWHERE && cd SOMEWHERE && npm install fhir-kit-client
//     node fhir_kit_client_reads_a_patient.mjs FHIR_BASE
//
// fhir-kit-client finds the addresses and sends the token; the code flow between is the app's, here plain fetch. Registers a client of
// its own first. Ends with exit code 1 where a step goes wrong. No part of CI: it needs Node and fhir-kit-client.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Client } from 'fhir-kit-client';

const PATIENT = 'smart-1288992';
const REDIRECT = 'http://localhost:9001/authorized';
const SCOPE = 'launch/patient patient/*.read offline_access';

const baseUrl = process.argv[2];
const client = new Client({ baseUrl });

// 1. discover, by both of its ways
const metadata = await client.smartAuthMetadata();
const [authorizeUrl, tokenUrl, registerUrl] = ['authorizeUrl', 'tokenUrl', 'registerUrl'].map((name) => {
  assert.ok(metadata[name], `${name} is missing`);
  return new URL(metadata[name]);
});
const statement = await client.capabilityStatement();
assert.equal(statement.resourceType, 'CapabilityStatement');
console.log('discovered', authorizeUrl.href);

// 2. register
const registered = await (await fetch(registerUrl, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ client_name: 'fhir-kit-client', redirect_uris: [REDIRECT], scope: SCOPE }),
})).json();

// 3. authorize: what a person does in a browser, by its forms
const unescaped = (text) => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
const hidden = (page) => Object.fromEntries(
  [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [unescaped(name), unescaped(value)]),
);
let cookie = '';
const visit = async (url, fields) => {
  const answer = await fetch(url, {
    method: fields ? 'POST' : 'GET',
    headers: cookie ? { cookie } : {},
    body: fields && new URLSearchParams(fields),
    redirect: 'manual',
  });
  cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
  return { location: answer.headers.get('location'), page: await answer.text() };
};
const verifier = randomBytes(32).toString('base64url');
const state = randomBytes(16).toString('hex');
authorizeUrl.search = new URLSearchParams({
  response_type: 'code',
  client_id: registered.client_id,
  redirect_uri: REDIRECT,
  scope: SCOPE,
  state,
  aud: baseUrl,
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
});
const login = new URL((await visit(authorizeUrl)).location);
const form = await visit(login);
const after = await visit(new URL('/login', login), { ...hidden(form.page), username: 'daniel-adams', password: 'demo-password' });
const consent = await visit(new URL(`${after.location}&patient_id=${PATIENT}`, login));
const expires = consent.page.match(/<input[^>]*name="expires"[^>]*>/)[0].match(/value="([^"]*)"/)[1];
const callback = new URL((await visit(new URL('/oauth/authorize', login), { ...hidden(consent.page), expires })).location);
assert.equal(callback.searchParams.get('state'), state);

// 4. exchange
const tokens = await (await fetch(tokenUrl, {
  method: 'POST',
  headers: { Authorization: `Basic ${Buffer.from(`${registered.client_id}:${registered.client_secret}`).toString('base64')}` },
  body: new URLSearchParams({ grant_type: 'authorization_code', code: callback.searchParams.get('code'), redirect_uri: REDIRECT, code_verifier: verifier }),
})).json();
assert.equal(tokens.patient, PATIENT);

// 5. read, and search over all pages
client.bearerToken = tokens.access_token;
const patient = await client.read({ resourceType: 'Patient', id: PATIENT });
console.log('read', patient.name[0].family, patient.birthDate);
let bundle = await client.search({ resourceType: 'Observation', searchParams: { patient: PATIENT, _count: 20 } });
let found = 0;
while (bundle) {
  found += bundle.entry?.length ?? 0;
  bundle = await client.nextPage({ bundle });
}
assert.ok(found > 20, 'there is more than a page');
console.log('found', found, 'observations');
console.log('fhir-kit-client is content');
