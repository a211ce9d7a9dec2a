/** The import rules of docs/decisions.md: floors, and who may name whom within a floor. */

const mains =
  '^controller/(cli|(kiosk-)?devices|(gate|kiosk)-main|(cli|commands)/[^/]+|blacklist/keeper-process)\\.ts$';
/** The only homes of native packages. */
const nativeHomes =
  '^(firmware-bridge/(link|libraries|pcsc|barrier/board)|controller/(blacklist/store|ledger/level-index))';

module.exports = {
  forbidden: [
    rule('no-circles', 'A circle has no floor: move the shared part down.', {
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    }),
    rule('no-orphans', 'Nobody imports this file: delete it.', {
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '\\.test\\.ts$', '^test/kit/run\\.ts$'] },
      to: {},
    }),
    rule('bridge-knows-hardware-only', 'firmware-bridge imports only types of config.', {
      from: { path: '^firmware-bridge/' },
      to: { path: '^(controller|sim|test)/' },
    }),
    rule('config-types-only', 'Below the mains, config is a shape: `import type`.', {
      from: { path: '^(firmware-bridge|controller)/', pathNot: mains },
      to: { path: '^config/', dependencyTypesNot: ['type-only'] },
    }),
    rule(
      'ports-alone',
      'The controller reaches hardware through ports.ts and supervise, and starts helpers by ' +
        'process.ts; mains name devices.',
      {
        from: { path: '^controller/', pathNot: mains },
        to: {
          path: '^firmware-bridge/',
          pathNot: '^firmware-bridge/((ports|faults|process)\\.ts$|supervise/)',
        },
      },
    ),
    rule('config-stands-alone', 'config imports nothing of ours.', {
      from: { path: '^config/' },
      to: { path: '^(firmware-bridge|controller|sim|test)/' },
    }),
    rule('nothing-imports-sim', 'No arrow runs back up: only sim and test know the simulator.', {
      from: { path: '^(firmware-bridge|controller|config)/' },
      to: { path: '^(sim|test)/' },
    }),
    rule('nothing-imports-test', 'Test code stays in test.', {
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    }),
    rule('card-and-sam-apart', 'Two implementations must agree through bytes: share no code.', {
      from: { path: '^sim/(card|sam|keys|crypto)' },
      to: { path: '^(controller|config|node_modules/sm-crypto)' },
    }),
    rule('chip-apart', 'The virtual chip and the driver share types alone.', {
      from: { path: '^sim/chip/' },
      to: {
        path: '^(controller|config|firmware-bridge)/',
        dependencyTypesNot: ['type-only'],
      },
    }),
    rule('pure-floor', 'card, crypto and fare are pure: they know no machine, store or SAM.', {
      from: { path: '^controller/(card|crypto|fare)/' },
      to: { path: '^controller/(sam|blacklist|ledger|gate|ops)/' },
    }),
    rule('stores-below-gate', 'sam, blacklist and ledger do not know who asks them.', {
      from: { path: '^controller/(sam|blacklist|ledger)/' },
      to: { path: '^controller/(gate|commands|cli|gate-main)' },
    }),
    rule('links-below-chip', 'Inside the bridge: ports ← link ← pn532.', {
      from: { path: '^firmware-bridge/(link|clock|disk|faults|ports)' },
      to: { path: '^firmware-bridge/pn532/' },
    }),
    rule('native-homes', 'Native packages have one home each.', {
      from: { pathNot: [nativeHomes, '^test/'] },
      to: { path: 'node_modules/(serialport|node-hid|pcsclite|modbus-serial|level)/' },
    }),
    rule('declared', 'Every package stands in package.json.', {
      from: { pathNot: '^test/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.json'] },
  },
};

function rule(name, comment, sides) {
  return { name, comment, severity: 'error', ...sides };
}
