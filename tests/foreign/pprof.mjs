// pprof.mjs FILE: reads a gzipped profile with npm's pprof-format, and prints it as folded stacks of each sample's last value.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';

const { Profile } = createRequire(`${process.env.FOREIGN}/`)('pprof-format');
const profile = Profile.decode(gunzipSync(readFileSync(process.argv[2])));
const text = n => profile.stringTable.strings[Number(n)];
const byId = list => new Map(list.map(x => [String(x.id), x]));
const locations = byId(profile.location), functions = byId(profile.function);
const name = id => text(functions.get(String(locations.get(String(id)).line[0].functionId)).name);

for (const mapping of profile.mapping) if (!mapping.hasFunctions) throw new Error('names are said to be missing');
for (const sample of profile.sample) {
    if (sample.value.length !== profile.sampleType.length) throw new Error('a sample has values of other types');
    console.log(`${sample.locationId.map(name).reverse().join(';')} ${sample.value.at(-1)}`);
}
