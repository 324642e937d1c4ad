// Reads {documents, cases} from standard input, asks the published verifiers, writes one answer for each case.
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {securityLoader} from '@digitalcredentials/security-document-loader';
import {verifyCredential} from '@digitalcredentials/verifier-core';
import {importJWK, jwtVerify, SignJWT} from 'jose';
import jsonld from 'jsonld';

// Standard output is for the answers alone, whatever the packages have to say.
console.log = console.info = console.error;

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}
const {documents, cases} = JSON.parse(Buffer.concat(chunks).toString());
const known = securityLoader({fetchRemoteContexts: false}).build();

// What asks for pages by itself (the resolver of did:web) gets those of the caller too, and no others.
globalThis.fetch = async request => {
  const page = documents[typeof request === 'string' ? request : request.url ?? request.href];
  const headers = {'content-type': 'application/json'};
  return new Response(JSON.stringify(page ?? null), {status: page === undefined ? 404 : 200, headers});
};

// Pages given by the caller first; of a DID document the single key when the address has a fragment.
async function documentLoader(url) {
  const [base, fragment] = url.split('#');
  const page = documents[url] ?? documents[base];
  if(page === undefined) {
    return known(url);
  }
  const method = fragment && (page.verificationMethod ?? []).find(entry => entry.id === url);
  const document = method ? {'@context': 'https://w3id.org/security/multikey/v1', ...method} : page;
  return {contextUrl: null, documentUrl: url, document};
}

const suite = () => new DataIntegrityProof({cryptosuite});
const ways = {
  async digitalbazaar({credential, now}) {
    const answer = await vc.verifyCredential({
      credential, suite: suite(), documentLoader, now: new Date(now),
      checkStatus: options => checkStatus({...options, suite: suite(), documentLoader, verifyMatchingIssuers: true})
    });
    const errors = [answer.error, ...(answer.error?.errors ?? [])].filter(Boolean).map(error => error.message);
    // A list that was read well counts as verified there; what it says about the entry is in its status.
    const statuses = (answer.statusResult?.results ?? []).map(result => result.status);
    const holds = answer.verified && (!credential.credentialStatus || statuses.length > 0) && !statuses.some(Boolean);
    return {verified: holds, detail: JSON.stringify({errors, statuses})};
  },
  async dcc({credential}) {
    const answer = await verifyCredential({credential, knownDIDRegistries: []});
    const step = (answer.log ?? []).find(entry => entry.id === 'valid_signature');
    return {verified: step?.valid === true, detail: JSON.stringify(answer.errors ?? answer.log ?? null)};
  },
  async jose({token, jwk, now}) {
    const key = await importJWK(jwk, jwk.alg);
    await jwtVerify(token, key, {algorithms: [jwk.alg], currentDate: new Date(now)});
    return {verified: true, detail: ''};
  },
  // What a wallet does: sign a presentation without credentials for a challenge and a domain.
  async present({key, holder, challenge, domain}) {
    const pair = await Ed25519Multikey.from(key);
    const presentation = await vc.signPresentation({
      presentation: vc.createPresentation({holder}), challenge, domain, documentLoader,
      suite: new DataIntegrityProof({cryptosuite, signer: pair.signer()})
    });
    return {verified: true, detail: JSON.stringify(presentation)};
  },
  async present_token({jwk, kid, holder, challenge, domain}) {
    const presentation = vc.createPresentation({holder});
    const token = await new SignJWT({...presentation, iss: holder, nonce: challenge, aud: domain})
      .setProtectedHeader({alg: jwk.alg, typ: 'vp+jwt', kid}).setIssuedAt().setExpirationTime('5m')
      .sign(await importJWK(jwk, jwk.alg));
    return {verified: true, detail: token};
  },
  async canonical({document}) {
    const options = {algorithm: 'RDFC-1.0', format: 'application/n-quads', documentLoader, safe: true};
    return {verified: true, detail: await jsonld.canonize(document, options)};
  }
};

const answers = [];
for(const entry of cases) {
  try {
    answers.push(await ways[entry.way](entry));
  } catch(error) {
    const reason = error.details?.event?.code;
    answers.push({verified: false, detail: reason ? `${error.message} ${reason}` : String(error.message)});
  }
}
process.stdout.write(JSON.stringify(answers));
