/** Where Bedrock's inference profiles lead (`us.anthropic.claude-…`). */
const REGION = /^(?:us-gov|us|eu|apac|jp|au|ca|sa|mx|il|uae|global|regional)\./;
/** Bedrock's name of the maker before the model's (`anthropic.claude-…`, `meta.llama3-…`). */
const MAKER =
  /^(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai|moonshotai|moonshot|minimax|nvidia|google|zai|writer)\./;

/**
 * The model's own name in whatever way a provider addresses it, in lower case: `models/gemini-2.5-pro`,
 * `publishers/google/models/…`, `us.anthropic.claude-…-v1:0` and its ARN, `openai/gpt-5`,
 * `accounts/fireworks/models/…`, `@cf/meta/…`, `databricks-claude-…`, `ft:gpt-4o:…`. What it does not know
 * stays as it is.
 */
export function familyName(model: string): string {
  const last = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  return last
    .replace(REGION, '')
    .replace(MAKER, '')
    .replace(/^(?:ft:|databricks-(?=claude|gpt|gemini|meta|llama|gemma|qwen))/, '')
    .replace(/^meta-(?=llama)/, '');
}
