// Sends and reads statements with @xapi/xapi; prints what it saw as JSON. Arguments: base address, key.
import module from "@xapi/xapi";

const XAPI = module.default ?? module;
const [base, key] = process.argv.slice(2);
const store = new XAPI({ endpoint: `${base}/xapi/`, auth: XAPI.toBasicAuth("client", key), version: "1.0.3" });
const statement = {
  actor: { objectType: "Agent", mbox: "mailto:node@example.org" },
  verb: { id: "http://adlnet.gov/expapi/verbs/completed", display: { en: "completed" } },
  object: { objectType: "Activity", id: "https://app.example/node" },
};
const about = await store.getAbout();
const sent = await store.sendStatement({ statement });
const id = sent.data[0];
const one = await store.getStatement({ statementId: id });
await store.voidStatement({ actor: statement.actor, statementId: id });
const voided = await store.getVoidedStatement({ voidedStatementId: id });
const listed = await store.getStatements({ agent: statement.actor });
console.log(
  JSON.stringify({
    about: about.data.version.includes("1.0.3"),
    same: one.data.id === id,
    voided: voided.data.id === id,
    listed: listed.data.statements.filter((found) => found.id === id).length,
  }),
);
