// Started as a process of its own: appends records as fast as it can until it is killed, and drains them if it
// is given an address. Each line in the file of acknowledgements names what is in the spool.
import { openSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { v7 } from 'uuid';
import { startDrain } from '../../src/calls/drain-control.ts';
import { openSpool } from '../../src/calls/spool.ts';
import { LIMITS } from '../../src/limits.ts';
import { sampleEnd } from './sample-records.ts';
import { silentLog } from './silent-log.ts';

const [dir = '', acknowledgements = '', workerPath = '', address = '{}'] = process.argv.slice(2);
/** Calls in flight. */
const LANES = 20;

const limits = { ...LIMITS, spoolSegmentBytes: 64 * 1024, spoolReserveBytes: 64 * 1024, drainPollMs: 5 };
const spool = openSpool({ dir, limits, log: silentLog, boot: v7() });
if (workerPath !== '') {
  const workerUrl = pathToFileURL(workerPath);
  startDrain({ dir, address: JSON.parse(address), limits, log: silentLog, workerUrl });
}

const file = openSync(acknowledgements, 'a');
const acknowledge = (what: string, id: string) => (error: Error | null) => {
  if (error !== null) throw error;
  writeSync(file, `${what} ${id}\n`);
};

function call(): void {
  const record = sampleEnd();
  const begun = spool.begin(record, (error) => {
    acknowledge('begin', record.id)(error);
    const end = () =>
      spool.end(record, begun, (failure) => {
        acknowledge('end', record.id)(failure);
        setImmediate(call);
      });
    // Some last for a while, so that begins are far from their ends.
    if (Number.parseInt(record.id.slice(-2), 16) < 64) setTimeout(end, 20);
    else setImmediate(end);
  });
}
for (let lane = 0; lane < LANES; lane += 1) call();
process.stdout.write('appending\n');
