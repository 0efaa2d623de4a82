export { cached, cacheRoot, contentKey } from './cache.ts';
export {
  type CompiledObject,
  type CompileOptions,
  compileModelSource,
  includeDirs,
  linkShared,
  type ModelSource,
} from './compile.ts';
export { type Compiler, compileFlags, compilerName, findCompiler, SANITIZERS } from './compilers.ts';
export { projectRoot } from './root.ts';
export { runTool, type ToolOptions, type ToolResult, trimOutput, tryTool } from './spawn.ts';
