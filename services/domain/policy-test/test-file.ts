/** A file of policy tests: YAML, checked as policies are. */
import { type PolicyTest, policyTestSchema } from '../../../schemas/policy/policy-test.ts';
import { type CheckedYaml, checkYamlFile } from '../yaml/yaml-file.ts';

export function parsePolicyTest(content: string | Uint8Array): CheckedYaml<PolicyTest> {
  return checkYamlFile(content, policyTestSchema, { thing: 'file of policy tests', levels: 'a dozen' });
}
