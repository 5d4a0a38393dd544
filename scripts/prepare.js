// What `npm ci` does last: the build. Not when npx runs `tidemark` in this folder, which installs the folder into npx's cache first and
// would build it once more: what is built here is run.
const { execSync } = require('node:child_process');

if (process.env.npm_command !== 'exec') execSync('npm run build', { stdio: 'inherit' });
