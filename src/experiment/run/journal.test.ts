import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { FACT_RECORDS, type FactRecord } from '../facts/record.js';
import { Journal } from './journal.js';

const record = (uuid: string): FactRecord => ({ uuid, neurons: [[1, 2]] });

async function journalWith(...records: FactRecord[]): Promise<string> {
  const path = join(temporaryFolder(), 'journal.jsonl');
  const journal = await Journal.open(path, FACT_RECORDS);
  for (const one of records) journal.append(one);
  journal.close();
  return path;
}

describe('a journal', () => {
  it('has what was appended, at once and after it is opened again', async () => {
    const path = await journalWith(record('a'), record('b'));
    expect(readFileSync(path, 'utf8')).toBe(
      '{"uuid":"a","neurons":[[1,2]]}\n{"uuid":"b","neurons":[[1,2]]}\n',
    );
    const again = await Journal.open(path, FACT_RECORDS);
    expect(again.get('b')).toEqual(record('b'));
    expect(again.get('c')).toBeUndefined();
    again.close();
  });

  it('joins the lines of one fact', async () => {
    const side = { pct_change: [0.5], correct_before: [true], correct_after: [false], n_prompts: 1 };
    const suppression = { related: side, unrelated: side };
    const journal = await Journal.open(
      await journalWith(record('a'), { uuid: 'a', suppression }),
      FACT_RECORDS,
    );
    expect(journal.get('a')).toEqual({ ...record('a'), suppression });
    journal.close();
  });

  it.each([
    '{"uuid":"a","counts":{"prompts":2,"knowledge":[[0,1,3]],"baseline":[]}}',
    '{"uuid":"a","neurons":[[0,-1]]}',
    '{"uuid":"a","uuid":"b"}',
    '{"uuid":"a","suppression":{"related":{"pct_change":[],"correct_before":[],"correct_after":[],"n_prompts":1}}}',
  ])('is refused with what no run wrote before its last line: %s', async line => {
    const path = await journalWith(record('a'));
    appendFileSync(path, `${line}\n${JSON.stringify(record('b'))}\n`);
    await expect(Journal.open(path, FACT_RECORDS)).rejects.toThrow(`${path}:2: not a line of a journal`);
  });

  it('drops a last line that was cut off at any byte, and goes on after the one before', async () => {
    const path = await journalWith(record('a'), record('b'));
    const whole = readFileSync(path);
    for (let length = whole.indexOf('\n') + 1; length < whole.length; length++) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      const journal = await Journal.open(path, FACT_RECORDS);
      expect(journal.get('a')).toEqual(record('a'));
      expect(journal.get('b')).toBeUndefined();
      journal.append(record('b'));
      journal.close();
      expect(readFileSync(path).equals(whole)).toBe(true);
    }
  });

  it('drops the whole of a torn line, also where the next one is shorter', async () => {
    const path = await journalWith(record('a'));
    appendFileSync(path, '{"uuid":"a-very-long-name-that-was-cut-off-somewhere","neur');
    const journal = await Journal.open(path, FACT_RECORDS);
    journal.append({ uuid: 'b' });
    journal.close();
    expect(readFileSync(path, 'utf8')).toBe('{"uuid":"a","neurons":[[1,2]]}\n{"uuid":"b"}\n');
  });

  it('drops a last line of zeros, as a power cut may leave', async () => {
    const path = await journalWith(record('a'));
    appendFileSync(path, Buffer.from('\0\0\0\0\n'));
    const journal = await Journal.open(path, FACT_RECORDS);
    journal.append(record('b'));
    journal.close();
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3);
  });

  const half = JSON.stringify(record('torn')).slice(0, 20);
  it.each([
    ['half a line', half],
    ['half a line, and a whole one after it', half + JSON.stringify(record('b'))],
    ['the second half of one', JSON.stringify(record('torn')).slice(20)],
    ['two halves', half + half],
    ['a hole of zeros', '\0'.repeat(4096)],
    ['a hole of zeros, and a whole line after it', `${'\0'.repeat(40)}${JSON.stringify(record('b'))}`],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['nothing', ''],
  ])('leaves out a torn line in the middle, says which it is, and keeps the others: %s', async (_, torn) => {
    const path = await journalWith(record('a'));
    appendFileSync(path, Buffer.concat([Buffer.from(torn), Buffer.from('\n')]));
    appendFileSync(path, `${JSON.stringify(record('c'))}\n`);
    const before = readFileSync(path);
    const notices: string[] = [];
    const journal = await Journal.open(path, FACT_RECORDS, { notice: text => notices.push(text) });
    expect([journal.size, journal.get('a'), journal.get('c')]).toEqual([2, record('a'), record('c')]);
    journal.append(record('b'));
    journal.close();
    expect(notices).toEqual([
      `${path}:2: a torn line, left out: its fact is done again, unless that was done already`,
    ]);
    expect(readFileSync(path, 'utf8')).toBe(`${before}${JSON.stringify(record('b'))}\n`);
    const again = await Journal.open(path, FACT_RECORDS);
    expect([again.size, again.get('b')]).toEqual([3, record('b')]);
    again.close();
  });

  it('is no journal to go on with where all is torn but the end is not: it says how much', async () => {
    const path = await journalWith();
    writeFileSync(path, `${`${half}\n`.repeat(9)}${JSON.stringify(record('a'))}\n`);
    const notices: string[] = [];
    const journal = await Journal.open(path, FACT_RECORDS, { notice: text => notices.push(text) });
    journal.close();
    expect(notices).toEqual([
      `${path}:1, ${path}:2, ${path}:3, 6 more: torn lines, left out: their facts are done again, unless that was done already`,
    ]);
  });

  it('writes after what another process has added, and over none of it', async () => {
    const path = await journalWith();
    const [one, other] = [await Journal.open(path, FACT_RECORDS), await Journal.open(path, FACT_RECORDS)];
    for (const uuid of ['a', 'b', 'c']) {
      one.append(record(uuid));
      other.append({ uuid: `${uuid}-other` });
    }
    for (const journal of [one, other]) journal.close();
    const uuids = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).uuid);
    expect(uuids).toEqual(['a', 'a-other', 'b', 'b-other', 'c', 'c-other']);
  });

  it('cuts off what a failed write left, and nothing that another process has added', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl');
    const added = `${JSON.stringify(record('other'))}\n`;
    const script = `
      import { appendFileSync, readFileSync } from 'node:fs';
      import { Journal } from ${JSON.stringify(new URL('../../../dist/experiment/run/journal.js', import.meta.url).href)};
      import { FACT_RECORDS } from ${JSON.stringify(new URL('../../../dist/experiment/facts/record.js', import.meta.url).href)};
      const path = ${JSON.stringify(path)};
      const journal = await Journal.open(path, FACT_RECORDS);
      journal.append({ uuid: 'a' });
      if (process.argv[1]) appendFileSync(path, process.argv[1]);
      try {
        journal.append({ uuid: 'b'.repeat(5000) });
      } catch (error) {
        console.log(error.message);
      }`;
    for (const other of ['', added]) {
      writeFileSync(path, '');
      const { stdout } = spawnSync(
        'bash',
        ['-c', 'ulimit -f 4; exec node --input-type=module -e "$0" "$1"', script, other],
        { encoding: 'utf8' },
      );
      expect(stdout).toContain('cannot be written (file too large)');
      const left = readFileSync(path, 'utf8');
      if (other === '') expect(left).toBe('{"uuid":"a"}\n');
      else expect(left.startsWith(`{"uuid":"a"}\n${added}`)).toBe(true);
    }
  });

  it('refuses to go on where a line in the middle is no record', async () => {
    const path = await journalWith(record('a'));
    appendFileSync(path, `{"uuid": 3}\n${JSON.stringify(record('b'))}\n`);
    await expect(Journal.open(path, FACT_RECORDS)).rejects.toThrow(
      'journal.jsonl:2: not a line of a journal',
    );
  });

  it('keeps every whole record where the disk takes no more, and says so', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl');
    // A process that may write 4 KiB to a file meets the same failing write as one on a full disk.
    const script = `
      import { Journal } from ${JSON.stringify(new URL('../../../dist/experiment/run/journal.js', import.meta.url).href)};
      import { FACT_RECORDS } from ${JSON.stringify(new URL('../../../dist/experiment/facts/record.js', import.meta.url).href)};
      const journal = await Journal.open(${JSON.stringify(path)}, FACT_RECORDS);
      try {
        for (let i = 0; ; i++) journal.append({ uuid: 'fact-' + i, neurons: [[1, i]] });
      } catch (error) {
        console.log(error.name, error.message, error.remedy);
      }`;
    const { stdout } = spawnSync(
      'bash',
      ['-c', 'ulimit -f 4; exec node --input-type=module -e "$0"', script],
      { encoding: 'utf8' },
    );
    expect(stdout).toContain('UserError');
    expect(stdout).toContain('journal.jsonl: cannot be written (file too large)');
    expect(stdout).toContain('Everything done so far is safe');
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.at(-1)).toBe('');
    expect(lines.length).toBeGreaterThan(50);
    const journal = await Journal.open(path, FACT_RECORDS);
    expect(journal.get(`fact-${lines.length - 2}`)).toBeDefined();
    expect(journal.get(`fact-${lines.length - 1}`)).toBeUndefined();
    journal.close();
  });
});
