import { ApiError } from '@google/genai';
import { describe, expect, it } from 'vitest';
import { geminiError } from '../support/fake-upstream-gemini.ts';
import { json } from '../support/fake-upstream-steps.ts';
import { GEMINI_MODELS, UPSTREAM_MODEL, useGeminiRig } from '../support/gemini-rig.ts';

const rig = useGeminiRig();
const PROSE = 'The capital of Switzerland is Bern, and its largest city is Zürich. '.repeat(20);

describe('@google/genai models.countTokens', () => {
  it('before a target that counts itself gives its number', async () => {
    rig.plays('gemini', json({ totalTokens: 2_095 }));
    const answer = await rig.google.models.countTokens({ model: GEMINI_MODELS.gemini, contents: PROSE });
    expect(answer.totalTokens).toBe(2_095);
    const sent = await rig.asked('gemini');
    expect(sent.path).toBe(`/v1beta/models/${UPSTREAM_MODEL}:countTokens`);
    expect(sent.json()).toEqual({ contents: [{ role: 'user', parts: [{ text: PROSE }] }] });
  });

  it('before a target that does not is counted here, and nothing is sent', async () => {
    const answer = await rig.google.models.countTokens({
      model: GEMINI_MODELS['openai-chat'],
      contents: PROSE,
    });
    expect(answer.totalTokens).toBeGreaterThan(200);
    expect(answer.totalTokens).toBeLessThan(500);
  });

  it('counts here where its target cannot, and tells what it says is wrong', async () => {
    rig.plays('gemini', geminiError(503, 'UNAVAILABLE', 'The model is overloaded.'));
    const model = GEMINI_MODELS.gemini;
    expect((await rig.google.models.countTokens({ model, contents: PROSE })).totalTokens).toBeGreaterThan(
      200,
    );
    rig.plays('gemini', geminiError(400, 'INVALID_ARGUMENT', 'contents is not specified'));
    const refused = rig.google.models.countTokens({ model, contents: PROSE });
    await expect(refused).rejects.toThrow(ApiError);
    await expect(refused).rejects.toThrow('contents is not specified');
  });

  it('an unknown model is an error of its class', async () => {
    const unknown = rig.google.models.countTokens({ model: 'nobody-knows-it', contents: 'Hi' });
    await expect(unknown).rejects.toMatchObject({ status: 404 });
  });
});
