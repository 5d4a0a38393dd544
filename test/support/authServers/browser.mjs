// A person with a browser: opens the page of its argument, signs in at oidc-provider, allows access, and prints where that led.
import chromium from '@sparticuz/chromium';
import { chromium as playwright } from 'playwright-core';

const browser = await playwright.launch({
  executablePath: await chromium.executablePath(),
  // not the package's own arguments, which switch security off: only what a browser needs that runs as root
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
const page = await browser.newPage();
const visited = [];
page.on('framenavigated', (frame) => visited.push(frame.url()));
await page.goto(process.argv[2]);
await page.click('a');
await page.fill('input[name=login]', 'ada');
await page.fill('input[name=password]', 'any');
await page.click('button[type=submit]');
await page.waitForLoadState();
await page.click('button[type=submit]');
await page.waitForURL(/connect\/callback/);
process.stdout.write(JSON.stringify({ visited, text: await page.textContent('body') }));
await browser.close();
