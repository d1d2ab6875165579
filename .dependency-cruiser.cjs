/** Imports point down this list only: each package, and the packages that it may import. */
const pure = {
  protocol: [],
  wire: ["protocol"],
  crypto: ["protocol", "wire"],
  he: ["protocol", "wire", "crypto"],
  psi: ["protocol", "wire", "crypto"],
  aggregate: ["protocol", "wire", "crypto", "he", "psi"],
  query: ["protocol", "wire", "crypto", "psi", "aggregate"],
  covenant: ["protocol", "wire", "crypto", "query"],
  ledger: ["crypto", "wire"],
  engine: ["protocol", "wire", "crypto", "he", "psi", "aggregate", "query", "covenant", "ledger"],
};
const io = {
  transport: ["protocol", "wire", "crypto"],
  pool: ["protocol", "wire", "crypto"],
  sources: ["engine", "query", "wire"],
  store: ["engine", "covenant", "ledger", "wire"],
  sdk: [...Object.keys(pure), "transport", "sources", "store", "pool"],
  cli: ["sdk"],
  console: ["wire", "crypto", "query", "ledger"],
};

const rule = (name, from, to) => ({ name, severity: "error", from, to });
/** All but what a package exports: its index, and of `wire` the part that worker threads import. */
const index = "^packages/(?!wire/src/core[.]ts$)([^/]+)/src/(?!index[.]ts$)";

module.exports = {
  forbidden: [
    rule("no-cycle", {}, { circular: true }),
    rule("no-deep-import", { path: "^packages/([^/]+)/" }, { path: index, pathNot: "^packages/$1/" }),
    rule("no-deep-import-from-outside", { path: "^(nodes|coordinator)/" }, { path: index }),
    rule("nothing-imports-a-daemon", { path: "^packages/" }, { path: "^(nodes|coordinator)/" }),
    rule(
      "pure-packages-do-no-io",
      { path: `^packages/(${Object.keys(pure).join("|")})/src/` },
      { dependencyTypes: ["core"] },
    ),
    ...Object.entries({ ...pure, ...io }).map(([name, below]) =>
      rule(
        `${name}-imports-only-what-is-below`,
        { path: `^packages/${name}/src/` },
        { path: "^packages/", pathNot: `^packages/(${[name, ...below].join("|")})/` },
      ),
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/dist/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ["source", "import", "node", "default"],
      exportsFields: ["exports"],
    },
  },
};
