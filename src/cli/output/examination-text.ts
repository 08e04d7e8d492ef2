/** What `kn doctor` prints. */
import { coloured } from '../../report/colour.js';
import { table } from '../../report/table.js';
import type { EngineReport, Examination } from '../../setup/examine.js';

/** "tensorflow on cuda:0", "webgpu" */
function nameOf({ engine, device }: EngineReport): string {
  return device === engine ? engine : `${engine} on ${device}`;
}

export function examinationJson({ machine, engines, auto, folders }: Examination): string {
  const taken = auto.map(({ engine, device }) => ({ engine, device }));
  return JSON.stringify({ machine, engines, auto: taken, folders });
}

export function examinationText({ machine, engines, auto, folders }: Examination): string[] {
  const { node, platform } = machine;
  const gibibytes = (bytes: number) => `${inGibibytes(bytes)} GiB`;
  const rows = engines.map(report => [
    report.engine,
    report.device,
    report.usable ? coloured('green', 'usable', process.stdout) : coloured('red', 'no', process.stdout),
    report.usable && report.gigaflops !== null ? report.gigaflops.toFixed(0) : '',
    auto.includes(report) ? 'taken by auto' : report.software ? 'by its name alone' : '',
    report.usable ? report.version : '',
  ]);
  const devices = [...new Map(engines.map(report => [report.device, report])).values()].flatMap(
    ({ device, name, memory }) =>
      name === null ? [] : [[device, name, memory === null ? 'memory not told' : gibibytes(memory)]],
  );
  const mends = engines.flatMap(report => {
    const said = report.usable ? [report.notice] : [report.why, report.remedy];
    const text = said.filter(Boolean).join('. ');
    return text && !isToldOfAnother(report) ? [`${nameOf(report)}: ${text}`] : [];
  });
  function isToldOfAnother(report: EngineReport): boolean {
    return report.usable && engines.some(other => !other.usable && other.why === report.notice);
  }
  const sizes = folders.map(({ holds, path, bytes }) => [holds, `${(bytes / 1e6).toFixed(0)} MB`, path]);
  return [
    `Node ${node}, ${platform}, ${machineText(machine)}`,
    '',
    ...table(['engine', 'device', '', 'GFLOPS', '', 'version'], rows),
    ...(mends.length === 0 ? [] : ['', ...mends]),
    '',
    ...table(['device', 'name', 'memory'], devices),
    '',
    ...table(['folder', 'size', ''], sizes),
  ];
}

/** "64 cores (AMD EPYC), 128 GiB"; "4 of the machine's 64 cores (AMD EPYC), 2.0 of 128 GiB: the container's limit" */
export function machineText({ processor, cores, memory, whole }: Examination['machine']): string {
  const there = cores < whole.cores ? `${cores} of the machine's ${whole.cores}` : `${cores}`;
  const has = `${there} cores (${processor})`;
  return memory < whole.memory
    ? `${has}, ${inGibibytes(memory)} of ${inGibibytes(whole.memory)} GiB: the container's limit`
    : `${has}, ${inGibibytes(memory)} GiB`;
}

/** "2.0", "128" */
function inGibibytes(bytes: number): string {
  const gibibytes = bytes / 2 ** 30;
  return gibibytes.toFixed(gibibytes < 10 ? 1 : 0);
}
