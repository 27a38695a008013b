export type Environment = Readonly<Record<string, string | undefined>>;

export interface Interpolated {
  readonly text: string;
  /** Names of the variables that were put in. */
  readonly variables: readonly string[];
  readonly mistakes: readonly string[];
}

/**
 * Puts environment variables in place of `${NAME}`; `$${` stands for a literal `${`. What a variable holds is
 * not looked at again. A missing or empty variable is a mistake: an empty secret must never become a value.
 */
export function interpolate(text: string, env: Environment): Interpolated {
  const variables: string[] = [];
  const mistakes: string[] = [];
  const result = text.replace(/\$\$\{|\$\{([^}]*)\}?/g, (match, name: string | undefined) => {
    if (match === '$${') return '${';
    if (name === undefined || !match.endsWith('}') || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of sluice.yaml
      mistakes.push('expected ${NAME} with the name of an environment variable, or $${ for a literal ${');
      return match;
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined || value === '') {
      const problem = value === undefined ? 'not set' : 'empty';
      mistakes.push(`expected the environment variable ${name} to hold a value, but it is ${problem}`);
      return match;
    }
    variables.push(name);
    return value;
  });
  return { text: result, variables, mistakes };
}
