// sarif.mjs FILE...: holds SARIF files against the schema that Microsoft's matchers for SARIF bring, with ajv.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.FOREIGN}/`);
const Ajv = require('ajv');
const schema = require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');
const ajv = new Ajv({ schemaId: 'id', meta: false, allErrors: true });
ajv.addMetaSchema(require('ajv/lib/refs/json-schema-draft-04.json'));
const valid = ajv.compile(schema);

for (const file of process.argv.slice(2)) {
    if (valid(JSON.parse(readFileSync(file, 'utf8')))) continue;
    console.log(file, JSON.stringify(valid.errors, null, 1));
    process.exitCode = 1;
}
