import { readdirSync, readFileSync } from 'node:fs';

/** Processor time since the process began. */
export interface CpuTime {
  /** All threads, those that have ended too. */
  readonly totalUs: number;
  readonly mainThreadUs: number;
}

/** USER_HZ, in which /proc counts on every Linux that Node runs on (proc(5)). */
const TICKS_PER_SECOND = 100;
const US_PER_TICK = 1_000_000 / TICKS_PER_SECOND;

/** utime + stime of a process and of its main thread. Throws when it has ended. */
export function cpuTime(pid: number): CpuTime {
  return { totalUs: cpuUs(`/proc/${pid}/stat`), mainThreadUs: cpuUs(`/proc/${pid}/task/${pid}/stat`) };
}

export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

/** Time that processes had on a core, and that the machine below a virtual one took away. */
export function coreUs(core: number): number {
  const line = new RegExp(`^cpu${core} (.*)`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '';
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = line.split(' ').map(Number);
  return (user + nice + system + steal) * US_PER_TICK;
}

/** Children, their children, and so on. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(fieldsAfterName(`/proc/${name}/stat`)[1]));
    } catch {
      // Ended since the folder was listed.
    }
  }
  const belongs = (id: number): boolean => {
    const parent = parents.get(id);
    return parent !== undefined && (parent === pid || belongs(parent));
  };
  return [...parents.keys()].filter(belongs);
}

function cpuUs(file: string): number {
  const fields = fieldsAfterName(file);
  return (Number(fields[11]) + Number(fields[12])) * US_PER_TICK;
}

/** Fields from the third on: the second, the program's name, may hold spaces and brackets. */
function fieldsAfterName(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
