import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Reporter that names at the end of a run which tests passed only when they were tried again: a fault may hide there. */
export default class RetriedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const retried = modules.flatMap((module) =>
      [...module.children.allTests()].filter(isRetried).map((test) => describeRetry(module, test)),
    );
    if (retried.length === 0) return;
    process.stdout.write(
      `${retried.length === 1 ? '1 test' : `${retried.length} tests`} needed a retry:\n${retried.join('')}`,
    );
  }
}

function isRetried(test: TestCase): boolean {
  const diagnostic = test.diagnostic();
  return diagnostic !== undefined && diagnostic.retryCount > 0;
}

function describeRetry({ relativeModuleId }: TestModule, test: TestCase): string {
  const reason = test.result().errors?.[0]?.message.split('\n')[0] ?? 'no error is kept';
  return `  retried: ${relativeModuleId} > ${test.fullName}: ${reason}\n`;
}
