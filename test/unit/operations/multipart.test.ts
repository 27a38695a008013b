import { Busboy } from '@fastify/busboy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { editForm, type Form, formField, isForm, scanForm } from '../../../src/operations/multipart.ts';

const BOUNDARY = 'XYZ';
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

interface Part {
  readonly head: string;
  readonly value: string | Buffer;
}

const field = (name: string, value: string): Part => ({
  head: `Content-Disposition: form-data; name="${name}"`,
  value,
});
const file = (name: string, fileName: string, value: string | Buffer): Part => ({
  head: `Content-Disposition: form-data; name="${name}"; filename="${fileName}"\r\nContent-Type: audio/mpeg`,
  value,
});

function bodyOf(parts: readonly Part[], boundary = BOUNDARY): Buffer {
  const pieces = parts.flatMap(({ head, value }) => [
    Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

function scan(body: Buffer, type = TYPE): Form {
  const form = scanForm(body, type, LIMITS);
  if (form instanceof CallError) throw form;
  return form;
}

function refusal(body: Buffer | string, type = TYPE): string {
  const form = scanForm(Buffer.from(body), type, LIMITS);
  if (!(form instanceof CallError)) throw new Error('the form was taken');
  expect(form).toMatchObject({ code: 'malformed_form', status: 400 });
  return form.message;
}

/** What a parser that nobody here wrote finds. */
async function parsed(body: Buffer, type = TYPE): Promise<[string, string][]> {
  const found: [string, string][] = [];
  const busboy = new Busboy({ headers: { 'content-type': type } });
  busboy.on('field', (name, value) => found.push([name, value]));
  busboy.on('file', (name, stream, fileName) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => found.push([`${name}:${fileName}`, Buffer.concat(chunks).toString('hex')]));
  });
  await new Promise((resolve, reject) => {
    busboy.on('finish', resolve);
    busboy.on('error', reject);
    busboy.end(body);
  });
  return found.sort();
}

const withModel = (form: Form, model: string) =>
  Buffer.concat(
    editForm(
      form,
      form.parts.filter(({ name }) => name === 'model').map(({ value }) => ({ span: value, text: model })),
    ),
  );

describe('scanForm', () => {
  it('finds names, values and file names, and every byte of them', () => {
    const body = bodyOf([
      field('model', 'whisper'),
      file('file', 'a.mp3', Buffer.from([0, 255, 13, 10, 45, 45])),
    ]);
    const form = scan(body);
    expect(form.parts.map(({ name }) => name)).toEqual(['model', 'file']);
    const [model, audio] = form.parts;
    expect(body.toString('utf8', model?.value.start, model?.value.end)).toBe('whisper');
    expect([...body.subarray(audio?.value.start, audio?.value.end)]).toEqual([0, 255, 13, 10, 45, 45]);
    const [name] = audio?.fileNames ?? [];
    expect(body.toString('utf8', name?.start, name?.end)).toBe('a.mp3');
  });

  it('takes what Node’s own FormData writes', async () => {
    const data = new FormData();
    data.append('model', 'gpt-image');
    data.append('image[]', new Blob(['one']), 'Zürich "1".png');
    data.append('image[]', new Blob(['two']), 'b.png');
    const request = new Response(data);
    const type = request.headers.get('content-type') ?? '';
    const form = scan(Buffer.from(await request.arrayBuffer()), type);
    expect(form.parts.map(({ name }) => name)).toEqual(['model', 'image[]', 'image[]']);
    const back = new Response(withModel(form, 'other-model-name'), { headers: { 'content-type': type } });
    const read = await back.formData();
    expect(read.get('model')).toBe('other-model-name');
    const images = read.getAll('image[]') as File[];
    expect(images.map(({ name }) => name)).toEqual(['Zürich "1".png', 'b.png']);
    expect(await Promise.all(images.map((image) => image.text()))).toEqual(['one', 'two']);
  });

  it('rewrites the model and leaves every other byte, for any content', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes, { maxLength: 4 }),
        fc.stringMatching(/^[\w./:-]{1,40}$/),
        fc.nat(4),
        async (contents, model, at) => {
          const parts = contents.map((content, index) => file(`file${index}`, `f${index}.bin`, content));
          parts.splice(Math.min(at, parts.length), 0, field('model', 'asked'));
          const body = bodyOf(parts, 'a-boundary-that-no-content-has-9731');
          const type = 'multipart/form-data; boundary=a-boundary-that-no-content-has-9731';
          const wanted = (await parsed(body, type)).map(([name, value]) => [
            name,
            name === 'model' ? model : value,
          ]);
          expect(await parsed(withModel(scan(body, type), model), type)).toEqual(wanted);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes a part out whole', async () => {
    const form = scan(bodyOf([field('a', '1'), field('connection', 'lab'), field('b', '2')]));
    const span = form.parts[1]?.whole ?? { start: 0, end: 0 };
    const left = Buffer.concat(editForm(form, [{ span, text: '' }]));
    expect(await parsed(left)).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  it('puts a mark before both forms of a file name', () => {
    const head = `Content-Disposition: form-data; name="file"; filename="a.txt"; filename*=UTF-8''%C3%A9.txt`;
    const form = scan(bodyOf([{ head, value: 'x' }]));
    const edits = form.parts.flatMap(({ fileNames }) =>
      fileNames.map(({ start }) => ({ span: { start, end: start }, text: 'm-' })),
    );
    expect(Buffer.concat(editForm(form, edits)).toString()).toContain(
      `filename="m-a.txt"; filename*=UTF-8''m-%C3%A9.txt`,
    );
  });

  it('copies nothing of what stays', () => {
    const body = bodyOf([field('model', 'm'), file('file', 'a', Buffer.alloc(1_000_000))]);
    const form = scan(body);
    const pieces = editForm(form, [{ span: form.parts[0]?.value ?? { start: 0, end: 0 }, text: 'other' }]);
    expect(pieces.filter((piece) => piece.buffer !== body.buffer).map(String)).toEqual(['other']);
  });

  it('takes quoted boundaries and boundaries among other parameters', () => {
    for (const [type, boundary] of [
      ['multipart/form-data; boundary="=== 1 ==="', '=== 1 ==='],
      ['Multipart/Form-Data; charset=utf-8; boundary=abc', 'abc'],
      [
        'multipart/form-data;boundary=----formdata-undici-012345; charset=utf-8',
        '----formdata-undici-012345',
      ],
    ] as const) {
      expect(scan(bodyOf([field('a', '1')], boundary), type).parts).toHaveLength(1);
    }
  });

  it.each([
    ['no boundary', bodyOf([field('a', '1')]), 'multipart/form-data'],
    ['two boundaries', bodyOf([field('a', '1')]), `${TYPE}; boundary=ABC`],
    ['another boundary', bodyOf([field('a', '1')]), 'multipart/form-data; boundary=ABC'],
    ['something before the first part', Buffer.concat([Buffer.from('x'), bodyOf([field('a', '1')])]), TYPE],
    ['an end that is missing', bodyOf([field('a', '1')]).subarray(0, -6), TYPE],
    ['something behind the end', Buffer.concat([bodyOf([field('a', '1')]), Buffer.from('--XYZ')]), TYPE],
    ['an empty body', Buffer.alloc(0), TYPE],
    [
      'a boundary behind a bare line feed',
      bodyOf([field('a', 'x\n--XYZ\r\nContent-Disposition: form-data; name="model"\r\n\r\nm')]),
      TYPE,
    ],
    ['a boundary inside a value', bodyOf([field('a', 'x--XYZ y')]), TYPE],
    ['a longer word that begins like the boundary', bodyOf([field('a', 'x\r\n--XYZ1\r\n')]), TYPE],
    [
      'a name that is escaped',
      bodyOf([{ head: 'Content-Disposition: form-data; name="mo\\del"', value: 'm' }]),
      TYPE,
    ],
    [
      'a name in RFC 5987',
      bodyOf([{ head: "Content-Disposition: form-data; name*=UTF-8''model", value: 'm' }]),
      TYPE,
    ],
    [
      'two names',
      bodyOf([{ head: 'Content-Disposition: form-data; name="a"; name="model"', value: 'm' }]),
      TYPE,
    ],
    [
      'two dispositions',
      bodyOf([{ head: `${field('a', '').head}\r\n${field('model', '').head}`, value: 'm' }]),
      TYPE,
    ],
    ['no disposition', bodyOf([{ head: 'Content-Type: text/plain', value: 'm' }]), TYPE],
    [
      'a folded header',
      bodyOf([{ head: 'Content-Disposition: form-data;\r\n name="model"', value: 'm' }]),
      TYPE,
    ],
    [
      'a bare line feed between headers',
      bodyOf([{ head: `X-A: 1\n${field('model', '').head}`, value: 'm' }]),
      TYPE,
    ],
    ['an attachment', bodyOf([{ head: 'Content-Disposition: attachment; name="model"', value: 'm' }]), TYPE],
    [
      'base64',
      bodyOf([{ head: `${field('model', '').head}\r\nContent-Transfer-Encoding: base64`, value: 'bQ==' }]),
      TYPE,
    ],
    ['headers without an end', Buffer.from('--XYZ\r\nContent-Disposition: form-data; name="a"\r\n'), TYPE],
  ])('refuses %s', (_what, body, type) => {
    expect(refusal(body, type)).toMatch(/^The body is not valid multipart\/form-data: .+\.$/);
  });

  it('takes as many parts as the limit and not one more', () => {
    const many = (count: number) => bodyOf(Array.from({ length: count }, (_, at) => field(`f${at}`, '')));
    expect(scan(many(LIMITS.formPartsMax)).parts).toHaveLength(LIMITS.formPartsMax);
    expect(refusal(many(LIMITS.formPartsMax + 1))).toContain('more than 200 parts');
  });

  it('takes headers as long as the limit and not one byte more', () => {
    const padded = (bytes: number) => {
      const { head } = field('a', '');
      return bodyOf([{ head: `${head}\r\nX-Pad: ${'x'.repeat(bytes - head.length - 9)}`, value: '' }]);
    };
    expect(scan(padded(LIMITS.formHeadBytesMax)).parts).toHaveLength(1);
    expect(refusal(padded(LIMITS.formHeadBytesMax + 1))).toContain('too long');
  });
});

describe('formField', () => {
  it('is the text, or null without the part', () => {
    const form = scan(bodyOf([field('model', 'wörd')]));
    expect(formField(form, 'model', LIMITS)).toBe('wörd');
    expect(formField(form, 'stream', LIMITS)).toBeNull();
  });

  it('refuses two parts of one name, a file in its place, and what is too long', () => {
    const two = scan(bodyOf([field('model', 'a'), field('model', 'b')]));
    expect(formField(two, 'model', LIMITS)).toMatchObject({ code: 'duplicate_field', param: 'model' });
    const asFile = scan(bodyOf([file('model', 'm.txt', 'a')]));
    expect(formField(asFile, 'model', LIMITS)).toMatchObject({ code: 'invalid_request', param: 'model' });
    const at = scan(bodyOf([field('model', 'm'.repeat(LIMITS.formFieldBytesMax))]));
    expect(formField(at, 'model', LIMITS)).toHaveLength(LIMITS.formFieldBytesMax);
    const over = scan(bodyOf([field('model', 'm'.repeat(LIMITS.formFieldBytesMax + 1))]));
    expect(formField(over, 'model', LIMITS)).toMatchObject({ code: 'invalid_request', param: 'model' });
  });
});

it('isForm tells forms from everything else', () => {
  expect(isForm(TYPE)).toBe(true);
  expect(isForm('multipart/form-data')).toBe(true);
  for (const type of [
    undefined,
    '',
    'application/json',
    'multipart/mixed; boundary=a',
    'multipart/form-dataX',
  ]) {
    expect(isForm(type)).toBe(false);
  }
});
