export { cached, cacheRoot, contentKey } from './cache.ts';
export {
  type CompiledObject,
  type CompileOptions,
  compileModelSource,
  includeDirs,
  linkedFiles,
  linkShared,
  type ModelSource,
} from './compile.ts';
export { CHECKS, type Compiler, compileFlags, compilerName, findCompiler, SANITIZERS } from './compilers.ts';
export { makeFolder } from './folder.ts';
export { undoOnInterrupt } from './interrupt.ts';
export { type CacheEntry, cacheLimit, listEntries, type Trimmed, trimCache } from './limit.ts';
export { ownPrefix, sweep } from './owner.ts';
export { nativePath, projectRoot } from './root.ts';
export {
  killGroup,
  OWN_GROUP,
  runTool,
  ToolError,
  type ToolOptions,
  type ToolResult,
  trimOutput,
  tryTool,
} from './spawn.ts';
